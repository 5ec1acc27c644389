/**
 * What scripts import as `solovirt/client`. Everything here is a contract; docs/client.md describes it.
 */
export type {
  InstanceObject,
  InstanceView,
  PrintableStatus,
  VmObject,
  VmStatus,
} from '../api/contract.ts';
export type { EventObject } from '../api/contract-event.ts';
export type { HostInfo } from '../api/contract-host.ts';
export type { Condition, ObjectList, ObjectMeta, StatusObject } from '../api/contract-meta.ts';
export type { EvidenceView, RunList, RunView, VerdictView } from '../api/contract-runs.ts';
export type {
  CommandOptions,
  LogOptions,
  Scope,
  StartOptions,
  StopOptions,
  VmCondition,
  WaitOptions,
  WatchOptions,
} from './call-options.ts';
export type { ConnectOptions } from './connection.ts';
export {
  ApiError,
  ConnectionLostError,
  DeadlineError,
  InterruptedError,
  NameError,
  NoAnswerError,
  NoDaemonError,
  SocketForbiddenError,
  SocketPathError,
  SolovirtError,
  UnexpectedAnswerError,
} from './errors.ts';
export { isNotFound, SolovirtClient } from './solovirt-client.ts';
export type { VmName } from './vm-name.ts';
export type { ObjectChange } from './watch-objects.ts';
export type { CreateOptions, DeleteOptions, WriteOptions } from './write-vms.ts';
