/** Commands over the socket, and the bodies with what they may say besides. */

export type VmVerb = 'start' | 'stop' | 'restart';
export type InstanceVerb = 'pause' | 'unpause' | 'reset' | 'softreboot';

export interface StartOptions {
  readonly paused?: boolean;
  readonly dryRun?: readonly ['All'];
}
export interface StopOptions {
  /** Seconds; 0 forces off at once. */
  readonly gracePeriod?: number;
  readonly dryRun?: readonly ['All'];
}
export interface RestartOptions {
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: readonly ['All'];
}
export interface DrainOptions {
  readonly dryRun?: readonly ['All'];
}
export interface InstanceOptions {
  readonly dryRun?: readonly ['All'];
}
