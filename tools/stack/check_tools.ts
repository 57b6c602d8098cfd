import type { Check } from "./check.ts";
import { KAFKA_PORT, REGISTRY_PORT } from "./plan.ts";
import { isFree } from "./ports.ts";
import { findDocker, findJava, findMaven, isUnfit } from "./toolchain.ts";

/** The version of Deno everything is tested with, and the oldest with the features used. */
const TESTED_DENO = "2.9.6";

/**
 * Deno, and what `up` runs the stack with. Java and Maven, or Docker, are `needed` unless a broker already answers.
 *
 * Permissions: run java, mvn, docker; env JAVA_HOME.
 */
export async function checkTools({ needed }: { needed: boolean }): Promise<Check[]> {
  const [java, maven, docker] = await Promise.all([findJava(), findMaven(), findDocker()]);
  const local = !isUnfit(java) && !isUnfit(maven);
  const level = local || docker !== undefined || !needed ? "warn" : "fail";
  return [
    checkDeno(Deno.version.deno),
    isUnfit(java) ? { name: "java", level, ...java } : { name: "java", level: "ok", found: java.build },
    isUnfit(maven) ? { name: "maven", level, ...maven } : { name: "maven", level: "ok", found: maven },
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

/** Whether `up`'s usual ports are free. Permission: net. */
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
