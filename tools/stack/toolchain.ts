import { join } from "node:path";

const MIN_JAVA = 17;

export interface Java {
  /** What to run. */
  path: string;
  /** 17 and so on. */
  major: number;
  /** The exact build, such as `17.0.15+6`, safe as part of a file name. */
  build: string;
}

/** The Java of JAVA_HOME, else of the PATH; undefined where there is none. Permissions: run java, env JAVA_HOME. */
export async function findJava(): Promise<Java | undefined> {
  const home = Deno.env.get("JAVA_HOME");
  const path = home ? join(home, "bin", "java") : "java";
  const said = await output(path, ["-version"]);
  return said === undefined ? undefined : parseJavaVersion(path, said);
}

/** Reads what `java -version` says. */
export function parseJavaVersion(path: string, said: string): Java | undefined {
  const major = Number(/version "(?:1\.)?(\d+)/.exec(said)?.[1]);
  if (Number.isNaN(major)) return undefined;
  const build = /\(build ([^,)\s]+)/.exec(said)?.[1] ?? String(major);
  return { path, major, build: build.replace(/[^\w.+-]/g, "_") };
}

export function isRecent(java: Java | undefined): java is Java {
  return java !== undefined && java.major >= MIN_JAVA;
}

/** Maven's version; undefined where there is none. Permission: run mvn. */
export async function findMaven(): Promise<string | undefined> {
  return /Apache Maven (\S+)/.exec((await output("mvn", ["-B", "-version"])) ?? "")?.[1];
}

/** The version of a Docker engine that answers; undefined where there is none. Permission: run docker. */
export async function findDocker(): Promise<string | undefined> {
  return (await output("docker", ["version", "--format", "{{.Server.Version}}"]))?.trim();
}

/** What a command that succeeds says, on whichever stream. */
async function output(command: string, args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
    return success ? new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) : undefined;
  } catch (error) {
    // Deno cannot grant the right to run what is not installed.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
