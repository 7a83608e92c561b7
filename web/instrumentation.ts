/**
 * Runs once when the server starts: a wrong setting stops it here, with the variable's name, instead of on a request.
 * It doesn't know the settings; lib/config.ts does.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { requireConfig } = await import("./lib/require-config.ts");
    requireConfig();
  }
}
