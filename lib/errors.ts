/** Exit codes of every command; the numbers are those of BSD's sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The answer is no, the command was stopped before it had one, or something unforeseen broke. */
  failed: 1,
  /** Unknown or malformed flags. */
  usage: 64,
  /** Damaged or unparsable data; nothing was touched. */
  data: 65,
  /** Broker, registry or database silent for 10 s at start. */
  unavailable: 69,
  /** Disk I/O error. */
  io: 74,
  /** Storage owned or group active: try again. */
  busy: 75,
  /** Bad setting or missing file. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A fault a person can act on: one line that says what is wrong, which value and what to do, and the exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

/**
 * A failure that passes by itself or once a person acts: registry away, disk full, a file that does not parse.
 *
 * At the start and in the tools it ends the command like any other failure; a running consumer waits, giving no
 * verdicts.
 */
export class Outage extends Failure {}

/** What an error says, as a person should read it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error and its causes, outermost first; nothing if it is not an `Error`. */
export function* causesOf(error: unknown): Generator<Error> {
  for (let inner = error; inner instanceof Error; inner = inner.cause) yield inner;
}
