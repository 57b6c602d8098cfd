/** Linux counts CPU time in hundredths of a second, whatever its clock. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used so far, in seconds. Linux only. Permission: run cat. */
export function cpuSeconds(pid: number): number {
  // The name of the program comes second, in parentheses, and may hold blanks.
  const fields = read(pid, "stat").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * The same of a process together with its children, the ended ones included. One that ends meanwhile would be counted
 * nowhere, or twice: then it is looked at again.
 */
export function cpuSecondsOfAll(pid: number): number {
  const childrenNow = () => read(pid, `task/${pid}/children`);
  for (let children = childrenNow();;) {
    const fields = read(pid, "stat").replace(/^.*\) /s, "").split(" ");
    const ended = (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
    const alive = children.split(" ").filter(Boolean).map((child) => cpuSecondsIfAlive(Number(child)));
    const before = children;
    children = childrenNow();
    if (children === before && !alive.includes(undefined)) {
      return alive.reduce<number>((sum, seconds) => sum + seconds!, cpuSeconds(pid) + ended);
    }
  }
}

function cpuSecondsIfAlive(pid: number): number | undefined {
  try {
    return cpuSeconds(pid);
  } catch {
    return undefined;
  }
}

/** A process's current and peak memory, in MB of a million bytes. Linux only. Permission: run cat. */
export function residentMb(pid: number): { now: number; peak: number } {
  const status = read(pid, "status");
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)![1]) * 1_024 / 1e6;
  return { now: mb("VmRSS"), peak: mb("VmHWM") };
}

function read(pid: number, name: string): string {
  // Through `cat`: Deno opens nothing in /proc without all permissions.
  const { success, stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/${name}`], stderr: "null" }).outputSync();
  if (!success) throw new Error(`Process ${pid} has ended`);
  return new TextDecoder().decode(stdout);
}
