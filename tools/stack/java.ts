import { EXIT, Failure } from "../../lib/errors.ts";

/** Major version of the Java on the path (or under JAVA_HOME); undefined where there is none. Permission: run java. */
export function javaVersion(): number | undefined {
  const said = output("java", ["-version"]);
  const version = said === undefined ? null : /version "(\d+)/.exec(said);
  return version === null ? undefined : Number(version[1]);
}

/** First line of what `command --version` says; undefined where it is not installed. Permission: run of it. */
export function versionOf(command: string, args = ["--version"]): string | undefined {
  // deno-lint-ignore no-control-regex -- Maven's colours
  return output(command, args)?.split("\n")[0].replace(/\x1b\[[\d;]*m/g, "").trim();
}

/** Whether a Docker engine answers, not only its client. Permission: run docker. */
export function dockerAnswers(): boolean {
  return output("docker", ["info", "--format", "{{.ServerVersion}}"]) !== undefined;
}

export const MIN_JAVA = 17;

/** What the machine can run the stack with. Throws a {@linkcode Failure} (78) that says what to install. */
export function chooseMode(): "local" | "docker" {
  if ((javaVersion() ?? 0) >= MIN_JAVA && versionOf("mvn") !== undefined) return "local";
  if (dockerAnswers()) return "docker";
  throw new Failure(
    EXIT.config,
    `Neither Java ${MIN_JAVA}+ with Maven nor Docker was found: install one of them ` +
      `(Debian and Ubuntu: apt install openjdk-17-jre-headless maven; macOS: brew install openjdk maven)`,
  );
}

function output(command: string, args: string[]): string | undefined {
  try {
    const { success, stdout, stderr } = new Deno.Command(command, { args, stdin: "null" }).outputSync();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return success ? said : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
