/** What a guest has said of itself on its serial console. Lines that a full disk has torn say nothing. */
import { textOf } from './proc.ts';

export interface Console {
  /** The id of each boot, first to last. */
  readonly boots: readonly string[];
  /** The guest found on its disk that another has booted from it. */
  readonly robbed: boolean;
  readonly length: number;
}

const BOOT = /^(?:UP ([0-9A-F]{8}) [0-9A-F]{8}|solovirt-guest: up boot_id=([0-9a-f-]{36}))\r?$/gm;

export function readConsole(path: string): Console {
  const text = textOf(path) ?? '';
  return {
    boots: [...text.matchAll(BOOT)].map(([, tiny, linux]) => tiny ?? linux ?? ''),
    robbed: /^ROBBED /m.test(text),
    length: text.length,
  };
}
