import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { line } from "../../lib/cli/parse.ts";

/** The flag that selects a stack by its folder. */
export const dataDirFlag = {
  dataDir: optional(
    option("--data-dir", string({ metavar: "FOLDER" }), {
      description: line("The stack's own folder (default .stack)"),
    }),
  ),
};
