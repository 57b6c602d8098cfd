const FIRST_NAMES = 1 << 10;

/** What is known of names, by their numbers in a `NameTable`. Forgetting all takes no time. */
export class NameMemo<T> {
  #values: T[] = new Array(FIRST_NAMES);
  /** The turn in which a value was set. */
  #turns = new Uint32Array(FIRST_NAMES);
  #turn = 1;

  has(name: number): boolean {
    return this.#turns[name] === this.#turn;
  }

  /** Of a name that it {@linkcode has}. */
  get(name: number): T {
    return this.#values[name];
  }

  set(name: number, value: T): void {
    if (name >= this.#turns.length) this.#grow(name);
    this.#values[name] = value;
    this.#turns[name] = this.#turn;
  }

  /** Forgets everything. */
  clear(): void {
    this.#turn++;
  }

  #grow(name: number): void {
    let length = this.#turns.length;
    while (length <= name) length *= 2;
    const turns = new Uint32Array(length);
    turns.set(this.#turns);
    this.#turns = turns;
    const values = new Array(length);
    for (let index = 0; index < this.#values.length; index++) values[index] = this.#values[index];
    this.#values = values;
  }
}
