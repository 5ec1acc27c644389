/** What a thrown value says: anything can be thrown, and most of it is an Error. Pure. */

/** Its message; what is no Error is told as text. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
