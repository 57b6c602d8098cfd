/** `text` as one shell word, for a command line that a person may run; unquoted if that is safe. */
export function shellWord(text: string): string {
  return /^[\w./:,@%+-][\w./:,@%+=-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
