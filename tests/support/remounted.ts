/** Root may mount as it is; others become root of a namespace of their own, which not every machine allows. */
const UNSHARE = ["unshare", Deno.uid() === 0 ? "-m" : "-rm"];

/**
 * The words before a command that has `folder` mounted with an option such as `ro` or `noexec`, for itself alone; the
 * mount goes with it. Permission: run unshare.
 */
export function remounted(folder: string, option: string): string[] {
  // The working folder is entered anew, or it would be one of the mount below.
  const script = `mount --bind "$0" "$0" && mount -o remount,bind,${option} "$0" && cd "$PWD" && exec "$@"`;
  return [...UNSHARE, "sh", "-c", script, folder];
}

/** Whether this machine lets us do that. */
export async function canRemount(): Promise<boolean> {
  try {
    const [unshare, ...args] = [...UNSHARE, "mount", "--bind", "/tmp", "/tmp"];
    return (await new Deno.Command(unshare, { args }).output()).success;
  } catch {
    return false;
  }
}
