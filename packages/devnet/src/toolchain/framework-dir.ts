/**
 * Where the devnet's Move framework is.
 * It doesn't know what is in it.
 */
import { fileURLToPath } from "node:url";

export const FRAMEWORK_DIR = fileURLToPath(new URL("../../framework", import.meta.url));
