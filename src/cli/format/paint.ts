/**
 * Colours, which only repeat what the words say. Pure.
 */
import type { VerdictView } from '../../api/contract-runs.ts';
import type { PrintableStatus } from '../../core/status/printable-status.ts';

/** What a word means, not how it looks. */
export type Style = 'good' | 'bad' | 'busy' | 'faint' | 'title';
export type Paint = (style: Style | undefined, text: string) => string;

export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** How output may look: with which colours, and how wide. */
export interface Display {
  readonly paint: Paint;
  /** Of the terminal; undefined where nothing is to be cut. */
  readonly columns: number | undefined;
}

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const SGR: Readonly<Record<Style, string>> = {
  good: '32',
  bad: '31',
  busy: '33',
  faint: '2',
  title: '1',
};

const plain: Paint = (_, text) => text;

const coloured: Paint = (style, text) =>
  style === undefined || text === '' ? text : `\u001b[${SGR[style]}m${text}\u001b[0m`;

/** For files and pipes. */
export const PLAIN: Display = { paint: plain, columns: undefined };

interface Screen {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/** By itself only on a terminal that can, and not against NO_COLOR (https://no-color.org: any value but none). */
export function paintFor(choice: ColorChoice, { env, isTTY }: Screen): Paint {
  switch (choice) {
    case 'always':
      return coloured;
    case 'never':
      return plain;
    case 'auto':
      return isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? coloured : plain;
  }
}

const STATUS_STYLES: Readonly<Record<PrintableStatus, Style | undefined>> = {
  Running: 'good',
  Stopped: undefined,
  Paused: 'busy',
  Provisioning: 'busy',
  Starting: 'busy',
  Stopping: 'busy',
  Terminating: 'busy',
  CrashLoopBackOff: 'bad',
  DataVolumeError: 'bad',
  ErrImagePull: 'bad',
  ImagePullBackOff: 'bad',
  Invalid: 'bad',
};

/** A status that this client does not know (a newer daemon) has none. */
export function statusStyle(status: PrintableStatus): Style | undefined {
  return Object.hasOwn(STATUS_STYLES, status) ? STATUS_STYLES[status] : undefined;
}

export function outcomeStyle({ outcome }: VerdictView): Style {
  return outcome === 'Failed' ? 'bad' : 'good';
}
