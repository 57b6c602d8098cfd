/** Reports when an outage begins, changes or ends, not each time it is noticed. */
export class OutageNotice {
  readonly #report: (sentence: string | undefined) => void;
  #told: string | undefined;

  constructor(report: (sentence: string | undefined) => void) {
    this.#report = report;
  }

  /** Notes an outage, or with undefined that there is none. */
  tell(sentence: string | undefined): void {
    if (sentence === this.#told) return;
    this.#told = sentence;
    this.#report(sentence);
  }
}
