/**
 * Tells a part of the site that can't be loaded, as after a redeployment, from any other error.
 * It doesn't reload: a page may hold what a person typed.
 */
export const OUTDATED_SENTENCE =
  "A part of this page didn't load: the site was updated, or the connection broke. Reload the page.";

export function isChunkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === "ChunkLoadError" ||
    /loading (css )?chunk|failed to load chunk|dynamically imported module|importing a module script/i.test(
      error.message,
    )
  );
}
