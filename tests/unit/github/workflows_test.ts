import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import deno from "../../../deno.json" with { type: "json" };
import { CHECKOUT } from "../../../tools/stack/folders.ts";

interface Step {
  uses?: string;
  run?: string;
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { uses?: string; permissions?: Record<string, string>; steps?: Step[] }>;
}

const GITHUB = join(CHECKOUT, ".github");
const OWN_SCRIPT = ".ci/run";

function read(...path: string[]): string {
  return Deno.readTextFileSync(join(CHECKOUT, ...path));
}

function yamlIn<T>(folder: string): [name: string, text: string, contents: T][] {
  return [...Deno.readDirSync(join(GITHUB, folder))].filter(({ isFile }) => isFile).map(({ name }) => {
    const text = read(".github", folder, name);
    return [name, text, parse(text)];
  });
}

const workflows = yamlIn<Workflow>("workflows");

Deno.test("each workflow grants nothing but what a job of it names", () => {
  for (const [name, , { on, permissions, jobs }] of workflows) {
    assert.ok(Object.keys(on).length > 0, name);
    assert.deepEqual(permissions, {}, name);
    for (const [job, { permissions }] of Object.entries(jobs)) assert.ok(permissions, `${name}: ${job}`);
  }
});

Deno.test("each action of another is pinned by its commit, with the version beside it", () => {
  for (const [name, text] of workflows) {
    for (const [, uses] of text.matchAll(/\buses: (.*)/g)) {
      assert.match(uses, /^(\.\/\S+|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/, `${name}: ${uses}`);
    }
  }
});

Deno.test("workflows run tasks that there are, and the script of CI, with the Deno of the README", () => {
  const [, usual] = /npx -y deno@(\S+)/.exec(read("README.md"))!;
  for (const text of [...workflows.map(([, text]) => text), read(OWN_SCRIPT), read("CONTRIBUTING.md")]) {
    for (const [, version] of text.matchAll(/\bdeno@(\d\S*?)[\s"`)]/g)) assert.equal(version, usual);
  }
  const runs = workflows.flatMap(([, , { jobs }]) => Object.values(jobs)).flatMap(({ steps = [] }) => steps)
    .flatMap(({ run }) => run ?? []);
  const tasks = runs.flatMap((run) => [...run.matchAll(/\bdeno@\S+ task (\S+)/g)].map(([, task]) => task));
  assert.deepEqual([...new Set(tasks)].sort(), ["audit", "compile"]);
  for (const task of tasks) assert.ok(task in deno.tasks, task);
  assert.ok(runs.includes(OWN_SCRIPT));
});

Deno.test("a release is tried on each machine that it is compiled for", () => {
  const { jobs } = workflows.find(([name]) => name === "release.yml")![2];
  const compile = jobs.build.steps!.flatMap(({ run }) => run ?? []).find((run) => run.includes("task compile"))!;
  const targets = compile.match(/\b(?:x86_64|aarch64)-[\w-]+/g)!;
  const tried = read(".github", "workflows", "release.yml").match(/(?<=program: orders-)[\w-]+/g)!;
  assert.deepEqual(tried.toSorted(), targets.toSorted());
});

Deno.test("the forms for issues and the settings of Dependabot are whole", () => {
  for (const [name, , form] of yamlIn<{ name?: string; description?: string; body?: unknown[] }>("ISSUE_TEMPLATE")) {
    if (name === "config.yml") continue;
    assert.ok(form.name && form.description && form.body!.length > 0, name);
  }
  const [, , { updates }] = yamlIn<{ updates: { "package-ecosystem": string }[] }>("").find(([name]) =>
    name === "dependabot.yml"
  )!;
  assert.deepEqual(updates.map((update) => update["package-ecosystem"]), ["deno", "github-actions"]);
});
