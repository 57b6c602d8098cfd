import assert from "node:assert/strict";
import { type Java, parseJavaVersion, unfitJava } from "../../../tools/stack/toolchain.ts";

function said(version: string, build: string): string {
  return `openjdk version "${version}" 2025-04-15\nOpenJDK Runtime Environment (build ${build}, mixed mode)\n`;
}

Deno.test("parseJavaVersion() reads old and new numbering", { permissions: "none" }, () => {
  assert.deepEqual(parseJavaVersion("java", said("17.0.15", "17.0.15+6-Debian-1deb12u1")), {
    path: "java",
    major: 17,
    build: "17.0.15+6-Debian-1deb12u1",
  });
  assert.equal(parseJavaVersion("java", said("1.8.0_392", "1.8.0_392-b08"))?.major, 8);
  assert.equal(parseJavaVersion("java", "no such thing"), undefined);
});

Deno.test("unfitJava() names JAVA_HOME where that is the cause, and only there", { permissions: "none" }, () => {
  const old: Java = { path: "/old/bin/java", major: 11, build: "11" };
  const tell = (java: Java | undefined, home: string | undefined) => {
    const { found, remedy } = unfitJava(java, home);
    return `${found}: ${remedy}`;
  };
  assert.match(
    tell(undefined, "/gone"),
    /^JAVA_HOME is \/gone, where bin\/java does not run: set it .*Java 17.*unset it/,
  );
  assert.match(tell(old, "/old"), /^JAVA_HOME is \/old, which is Java 11: set it .*Java 17.*unset it/);
  assert.match(tell(undefined, undefined), /^no java on the path: install Java 17/);
  assert.match(tell(old, undefined), /^the java on the path is Java 11: install Java 17/);
});
