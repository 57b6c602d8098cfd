import type { Check } from "./check.ts";
import { KAFKA_PORT, REGISTRY_PORT } from "./plan.ts";
import { isFree } from "./ports.ts";
import { findDocker, findJava, findMaven, isRecent } from "./toolchain.ts";

/** The Deno that everything here is tested with, and the oldest that has what it uses. */
const TESTED_DENO = "2.9.6";
const JAVA_REMEDY =
  "install Java 17 or later (apt install openjdk-17-jre-headless, brew install openjdk) or set JAVA_HOME";

/**
 * Deno, and what `up` runs the stack with. Java and Maven or Docker are `needed` unless a broker answers already.
 *
 * Permissions: run java, mvn, docker; env JAVA_HOME.
 */
export async function checkTools({ needed }: { needed: boolean }): Promise<Check[]> {
  const [java, maven, docker] = await Promise.all([findJava(), findMaven(), findDocker()]);
  const local = isRecent(java) && maven !== undefined;
  const level = local || docker !== undefined || !needed ? "warn" : "fail";
  return [
    checkDeno(Deno.version.deno),
    {
      name: "java",
      level: isRecent(java) ? "ok" : level,
      found: java?.build ?? "not found",
      remedy: isRecent(java) ? undefined : JAVA_REMEDY,
    },
    maven !== undefined
      ? { name: "maven", level: "ok", found: maven }
      : { name: "maven", level, found: "not found", remedy: "install Maven (apt install maven, brew install maven)" },
    docker !== undefined ? { name: "docker", level: "ok", found: docker } : {
      name: "docker",
      level: local || !needed ? "ok" : level,
      found: "no engine answers; needed for deno task up --docker only",
    },
  ];
}

/** Whether `version` is recent enough. */
export function checkDeno(version: string): Check {
  const [major, minor] = version.split(".").map(Number);
  const [testedMajor, testedMinor] = TESTED_DENO.split(".").map(Number);
  if (major === testedMajor && minor >= testedMinor) return { name: "deno", level: "ok", found: version };
  return {
    name: "deno",
    level: major > testedMajor ? "warn" : "fail",
    found: `${version} is not what this is tested with`,
    remedy: `use npx -y deno@${TESTED_DENO} task`,
  };
}

/** Whether `up` could have its usual ports. Permission: net. */
export function checkPorts(): Check[] {
  return ([[KAFKA_PORT, "--kafka-port"], [REGISTRY_PORT, "--registry-port"]] as const).map(([port, flag]) =>
    isFree(port) ? { name: "port", level: "ok", found: `${port} is free` } : {
      name: "port",
      level: "warn",
      found: `${port} is taken`,
      remedy: `stop what listens there, or pass ${flag} to deno task up`,
    }
  );
}
