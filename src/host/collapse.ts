/**
 * @returns asks for `work`, never two at a time: what is asked for while it runs is done once more afterwards,
 * however often it was asked for
 * @param work must not reject
 */
export function collapse(work: () => Promise<void>): () => void {
  let wanted = false;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (wanted) {
      wanted = false;
      await work();
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) void run();
  };
}
