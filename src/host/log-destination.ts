/** Takes whole lines, with their newline. */
export interface LogDestination {
  write(line: string): unknown;
}
