/** Prints its arguments, as they arrived, in JSON. */
console.log(JSON.stringify(Deno.args));
