/**
 * PostgreSQL does not run as root. In a user namespace without a mapping for root it is an unprivileged user, and its
 * files stay root's. Where that is forbidden, as in most containers, it runs as `nobody` (65534) with the right to
 * enter folders that only root may, because the data is in one.
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
 * A command that runs `command`, but not as root. It goes through `sh`, because the tasks may run that, while programs
 * in a data folder have no fixed path to grant.
 */
export function unprivileged(command: readonly string[]): string[] {
  return ["sh", "-c", SCRIPT, "sh", ...command];
}
