/** The lines that `work` prints, without colours. */
export async function printedBy(work: () => unknown): Promise<{ out: string[]; err: string[] }> {
  const streams = [Deno.stdout, Deno.stderr];
  const texts = ["", ""];
  for (const [index, stream] of streams.entries()) {
    stream.writeSync = (bytes) => {
      texts[index] += new TextDecoder().decode(bytes);
      return bytes.length;
    };
  }
  try {
    await work();
  } finally {
    for (const stream of streams) Reflect.deleteProperty(stream, "writeSync"); // the class has the real one
  }
  // deno-lint-ignore no-control-regex -- colours
  const [out, err] = texts.map((text) => text.replace(/\x1b\[\d+m/g, "").split("\n").slice(0, -1));
  return { out, err };
}
