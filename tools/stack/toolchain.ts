import { join, resolve } from "node:path";

const MIN_JAVA = 17;

/** For Java programs, which treat file names as UTF-8 only if the environment says so. */
export const JAVA_ENV = { LC_ALL: "C.UTF-8" };

export interface Java {
  /** What to run. */
  path: string;
  /** The major version, such as 17. */
  major: number;
  /** The exact build, such as `17.0.15+6`, safe in a file name. */
  build: string;
}

/** Why a tool cannot be used, and what to do about it. */
export interface Unfit {
  found: string;
  remedy: string;
}

export function isUnfit(tool: Java | string | Unfit): tool is Unfit {
  return typeof tool === "object" && "remedy" in tool;
}

/**
 * The Java of JAVA_HOME, or if that is not set, on the path, if it can run the stack. Permissions: run java, env
 * JAVA_HOME.
 */
export async function findJava(): Promise<Java | Unfit> {
  const home = Deno.env.get("JAVA_HOME") || undefined;
  const path = home === undefined ? "java" : join(resolve(home), "bin", "java");
  const java = parseJavaVersion(path, (await ask(path, ["-version"]))?.said ?? "");
  return java !== undefined && java.major >= MIN_JAVA ? java : unfitJava(java, home);
}

/** What to say about `java`, too old or missing, when JAVA_HOME is `home`. */
export function unfitJava(java: Java | undefined, home: string | undefined): Unfit {
  if (home !== undefined) {
    const what = java === undefined ? "where bin/java does not run" : `which is Java ${java.major}`;
    return {
      found: `JAVA_HOME is ${home}, ${what}`,
      remedy: `set it to the folder of Java ${MIN_JAVA} or later, or unset it to take the java on the path`,
    };
  }
  return {
    found: java === undefined ? "no java on the path" : `the java on the path is Java ${java.major}`,
    remedy: `install Java ${MIN_JAVA} or later (apt install openjdk-17-jre-headless, brew install openjdk) ` +
      "or set JAVA_HOME",
  };
}

/** Parses the output of `java -version`. */
export function parseJavaVersion(path: string, said: string): Java | undefined {
  const major = Number(/version "(?:1\.)?(\d+)/.exec(said)?.[1]);
  if (Number.isNaN(major)) return undefined;
  const build = /\(build ([^,)\s]+)/.exec(said)?.[1] ?? String(major);
  return { path, major, build: build.replace(/[^\w.+-]/g, "_") };
}

/** Maven's version. Permission: run mvn. */
export async function findMaven(): Promise<string | Unfit> {
  const answer = await ask("mvn", ["-B", "-version"]);
  const version = /Apache Maven (\S+)/.exec(answer?.said ?? "")?.[1];
  if (version !== undefined) return version;
  const remedy = "install Maven (apt install maven, brew install maven)";
  if (answer === undefined) return { found: "no mvn on the path", remedy };
  const why = answer.said.trim().split("\n")[0].replace(/\W+$/, "");
  return { found: `mvn fails (${why})`, remedy: "it needs Java itself, so fix Java first" };
}

/** The version of the Docker engine; undefined if none answers. Permission: run docker. */
export async function findDocker(): Promise<string | undefined> {
  const answer = await ask("docker", ["version", "--format", "{{.Server.Version}}"]);
  return answer?.success ? answer.said.trim() : undefined;
}

/** A command's output on either stream; undefined if it cannot be run. */
async function ask(command: string, args: string[]): Promise<{ success: boolean; said: string } | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { args, env: JAVA_ENV, stdin: "null" })
      .output();
    return { success, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  } catch {
    return undefined; // missing, not a program, or not granted: Deno cannot grant running a missing program
  }
}
