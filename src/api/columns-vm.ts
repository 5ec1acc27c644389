/** The columns of VirtualMachines and their instances. KubeVirt's own, and what `solovirt list` shows besides. */
import { hostname } from 'node:os';
import { formatAge } from '../core/words/age.ts';
import type { InstanceObject, VmObject } from './contract.ts';
import type { Condition } from './contract-meta.ts';
import { lastEndCell, parseTime, strategyCell } from './contract-words.ts';
import type { ApiObject } from './source.ts';
import type { TableColumn } from './table.ts';

export const NAME: TableColumn<ApiObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace',
  cell: ({ metadata }) => metadata.name,
};

export const AGE: TableColumn<ApiObject> = {
  name: 'Age',
  type: 'string',
  description: 'How long ago the object was made',
  cell: ({ metadata }, now) => since(metadata.creationTimestamp, now),
};

/** `5m12s`, or Kubernetes' word for "nobody knows". */
export function since(time: string | null | undefined, now: number): string {
  const at = parseTime(time);
  return at === undefined ? '<unknown>' : formatAge(now - at);
}

export const VM_COLUMNS: readonly TableColumn<VmObject>[] = [
  NAME,
  {
    name: 'Status',
    type: 'string',
    description: 'What the VM does: status.printableStatus',
    cell: ({ status }) => status.printableStatus,
  },
  {
    name: 'Ready',
    type: 'string',
    description: 'Whether its guest runs and is ready',
    cell: ({ status }) => statusOf(status.conditions, 'Ready'),
  },
  AGE,
  {
    name: 'Strategy',
    type: 'string',
    description: 'The run strategy of its file',
    wide: true,
    cell: strategyCell,
  },
  {
    name: 'Node',
    type: 'string',
    description: 'The host, while an instance lives',
    wide: true,
    cell: ({ status }) => (status.instance === undefined ? '' : hostname()),
  },
  {
    name: 'IPs',
    type: 'string',
    description: 'Addresses of the guest, as its agent tells them or DHCP gave them',
    wide: true,
    cell: ({ status }) => (status.instance?.addresses ?? []).join(','),
  },
  {
    name: 'Last-End',
    type: 'string',
    description: 'How its last run ended, when the next try is due, or what its start waits for',
    wide: true,
    cell: lastEndCell,
  },
];

export const INSTANCE_COLUMNS: readonly TableColumn<InstanceObject>[] = [
  NAME,
  AGE,
  {
    name: 'Phase',
    type: 'string',
    description: 'How far the instance has come',
    cell: ({ status }) => status.phase,
  },
  {
    name: 'IP',
    type: 'string',
    description: 'First address of the guest, as its agent tells it or DHCP gave it',
    cell: ({ status }) => (status.interfaces ?? []).find((nic) => nic.ipAddress)?.ipAddress ?? '',
  },
  {
    name: 'NodeName',
    type: 'string',
    description: 'The host',
    cell: ({ status }) => status.nodeName,
  },
  {
    name: 'Ready',
    type: 'string',
    description: 'Whether its guest runs and is ready',
    cell: ({ status }) => statusOf(status.conditions, 'Ready'),
  },
  {
    name: 'Live-Migratable',
    type: 'string',
    description: 'Whether it could move to another host: there is none',
    wide: true,
    cell: ({ status }) => statusOf(status.conditions, 'LiveMigratable'),
  },
  {
    name: 'Paused',
    type: 'string',
    description: 'Whether its CPUs stand still',
    wide: true,
    cell: ({ status }) => statusOf(status.conditions, 'Paused'),
  },
];

function statusOf(conditions: readonly Condition[], type: string): string {
  return conditions.find((condition) => condition.type === type)?.status ?? '';
}
