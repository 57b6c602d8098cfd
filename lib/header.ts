/**
 * A header of a record. A name may occur several times and anywhere, so headers are a list; a name that is not valid
 * UTF-8 stays in bytes.
 */
export type Header = readonly [name: string | Uint8Array, value: Uint8Array | null];

/** For records without headers, as most are. */
export const NO_HEADERS: readonly Header[] = Object.freeze([]);
