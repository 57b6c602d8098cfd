import { EXIT, Outage } from "../../errors.ts";

/** A file that cannot be read until a person fixes `line`. */
export class DamagedFile extends Outage {
  readonly file: string;
  readonly line: number;

  /** `problem` continues "line N", as in `has 3 columns, expected 2`. */
  constructor(at: { file: string; line: number }, problem: string, options?: ErrorOptions) {
    super(EXIT.data, `Cannot read ${at.file}: line ${at.line} ${problem}`, options);
    this.file = at.file;
    this.line = at.line;
  }
}
