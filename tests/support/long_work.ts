import { showProgress } from "../../lib/cli/long_work.ts";
import { print, printError } from "../../lib/cli/print.ts";

/** Works for as many milliseconds as its argument says, as the tools do; blocks meanwhile, as they may. */
const duration = Number(Deno.args[0]);
const progress = showProgress("Working", "orders");
const begin = performance.now();
for (let done = 0, told = 0; done < duration; done = performance.now() - begin) {
  progress(done, duration);
  if (done < told * 100) continue;
  if (told++ % 2 === 0) print(`line ${told} on stdout, which is wider than the terminal`);
  else printError(`line ${told} on stderr`);
}
progress(duration, duration);
print("done");
