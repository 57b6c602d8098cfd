import deno from "../../deno.json" with { type: "json" };

/** The version of all commands: that of deno.json, which becomes part of a program. */
export const VERSION: string = deno.version;
