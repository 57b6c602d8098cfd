/**
 * A header of a record. A name may stand several times and in any place, so headers are a list; a name that is no UTF-8
 * stays as it came.
 */
export type Header = readonly [name: string | Uint8Array, value: Uint8Array | null];

/** The headers of a record that has none, as most have. */
export const NO_HEADERS: readonly Header[] = Object.freeze([]);
