/**
 * PostgreSQL refuses to run as root. In a user namespace where root is not mapped it is nobody in particular, and its files
 * stay root's. Where that is forbidden, as in most containers, it becomes `nobody` (65534), and keeps the right to pass
 * through folders that are root's alone, for the data is in one.
 */
const SCRIPT = `
[ "$(id -u)" = 0 ] || exec "$@"
unshare -U true 2>/dev/null && exec unshare -U "$@"
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+dac_override --ambient-caps=-all,+dac_override"
$nobody true 2>/dev/null && exec $nobody "$@"
echo "PostgreSQL does not run as root, and neither unshare -U nor setpriv works here: run this as another user" >&2
exit 78
`;

/**
 * The command that becomes `command`, not as root. By way of `sh`, which the tasks of the stack are granted: programs in
 * a data folder have no name that could be.
 */
export function unprivileged(command: readonly string[]): string[] {
  return ["sh", "-c", SCRIPT, "sh", ...command];
}
