/** Exit codes of every command; the numbers are those of BSD's sysexits.h. */
export const EXIT = {
  ok: 0,
  /** The command ran and its answer is no, or something unforeseen broke. */
  failed: 1,
  /** Unknown or malformed flags. */
  usage: 64,
  /** Damaged or unparsable data; nothing was touched. */
  data: 65,
  /** Broker, registry or database silent for 10 s at start. */
  unavailable: 69,
  /** Disk I/O error. */
  io: 74,
  /** Storage owned or group active; try again. */
  busy: 75,
  /** Bad setting or missing file. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A fault a person can act on: one line that says what, which value and what to do, and the exit code it ends with. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
  }
}

/**
 * A failure that passes by itself or by a person's hand: registry away, disk full, a file that does not parse.
 *
 * At start and in the tools it ends the command like any other; a running consumer gives no verdicts while it lasts.
 */
export class Outage extends Failure {}

/** What an error says, as a person should read it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error and what caused it, from the outermost in; nothing where it is no `Error`. */
export function* causesOf(error: unknown): Generator<Error> {
  for (let inner = error; inner instanceof Error; inner = inner.cause) yield inner;
}
