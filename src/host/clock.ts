/**
 * The one place that asks the system for the time. Everything else is handed a `Clock`.
 */
import type { Clock } from '../ports.ts';

export const systemClock: Clock = { now: () => Date.now() };
