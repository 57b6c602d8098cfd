/** `text` as one word of a shell, for a command line that a person is to run; as it is where that is safe. */
export function shellWord(text: string): string {
  return /^[\w./:,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
