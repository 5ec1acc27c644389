/**
 * `cloudInitNoCloud` and `cloudInitConfigDrive`: what a guest is told at its first boot.
 */
import type { CloudInitSource, SeedData } from '../../model/storage.ts';
import { type Found, type Refusal, text, type ValueOf } from '../fields.ts';
import type { KubeVirtType } from '../kubevirt-fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { utf8Bytes } from '../utf8-bytes.ts';
import { OBJECT_NAME } from './object-volumes.ts';

/** KubeVirt refuses longer ones (`cloudInitUserMaxLen`, `cloudInitNetworkMaxLen`). */
const KUBEVIRT_BYTES = 2048;

const SECRET_REFERENCE = object({
  type: 'LocalObjectReference',
  fields: { name: OBJECT_NAME },
  required: ['name'],
});

const TEXT = text(undefined, { mayBeEmpty: true });
const BASE64 = text(checkBase64, { mayBeEmpty: true });

export const CLOUD_INIT_NO_CLOUD = source('CloudInitNoCloudSource');
export const CLOUD_INIT_CONFIG_DRIVE = source('CloudInitConfigDriveSource');

function source(type: KubeVirtType) {
  return object({
    type,
    fields: {
      userData: TEXT,
      userDataBase64: BASE64,
      secretRef: SECRET_REFERENCE,
      networkData: TEXT,
      networkDataBase64: BASE64,
      networkDataSecretRef: SECRET_REFERENCE,
    },
  });
}

type CloudInitFields = Found<ValueOf<typeof CLOUD_INIT_NO_CLOUD>>;

/** RFC 4648, 4, with or without line ends, as Go's `base64.StdEncoding` takes it. */
function checkBase64(value: string): Refusal | undefined {
  const joined = withoutLineEnds(value);
  const valid = joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined);
  return valid
    ? undefined
    : 'not base64: expected letters, digits, "+" and "/", filled up with "=" to a multiple of four';
}

function withoutLineEnds(value: string): string {
  return value.replaceAll(/[\r\n]/g, '');
}

/** Undefined when something is wrong with it, which is then reported. */
export function resolveCloudInit(
  found: CloudInitFields,
  format: CloudInitSource['format'],
  report: Report,
): CloudInitSource | undefined {
  const { present, get } = found.value;
  const userData = resolveData(
    { name: 'userData', plain: get.userData, base64: get.userDataBase64, secret: get.secretRef },
    report,
  );
  const networkData = resolveData(
    {
      name: 'networkData',
      plain: get.networkData,
      base64: get.networkDataBase64,
      secret: get.networkDataSecretRef,
    },
    report,
  );
  if (userData === undefined && networkData === undefined) {
    // A field that is there and not valid has its own problem.
    if ([...present].every((name) => Object.hasOwn(get, name)))
      report.error('required', found, 'cloud-init needs user data or network data');
    return undefined;
  }
  return {
    kind: 'cloudInit',
    format,
    ...(userData && { userData }),
    ...(networkData && { networkData }),
  };
}

interface Written {
  readonly name: 'userData' | 'networkData';
  readonly plain: Found<string> | undefined;
  readonly base64: Found<string> | undefined;
  readonly secret: Found<ValueOf<typeof SECRET_REFERENCE>> | undefined;
}

/** As in KubeVirt, an empty text is none, and the data stand in one place. */
function resolveData({ name, secret, ...written }: Written, report: Report): SeedData | undefined {
  const plain = nonEmpty(written.plain);
  const base64 = nonEmpty(written.base64);
  const [, second] = [plain, base64, secret].filter((place) => place !== undefined);
  if (second !== undefined) {
    const message = `${name} stands in one place: as text, in base64 or in a Secret`;
    report.error('mutually-exclusive', second, message);
  }
  if (plain) {
    reportLength(name, plain, utf8Bytes(plain.value), report);
    return { kind: 'text', text: plain.value };
  }
  if (base64) return fromBase64(name, base64, report);
  const secretName = secret?.value.get.name?.value;
  return secretName === undefined ? undefined : { kind: 'secret', name: secretName };
}

function fromBase64(name: string, found: Found<string>, report: Report): SeedData {
  const base64 = withoutLineEnds(found.value);
  const filler = base64.length - base64.replace(/=+$/, '').length;
  reportLength(name, found, (base64.length / 4) * 3 - filler, report);
  return { kind: 'base64', base64 };
}

function nonEmpty(found: Found<string> | undefined): Found<string> | undefined {
  return found?.value === '' ? undefined : found;
}

function reportLength(name: string, at: Found<string>, bytes: number, report: Report): void {
  if (bytes <= KUBEVIRT_BYTES) return;
  const message = `${name} has ${bytes} bytes; KubeVirt takes at most ${KUBEVIRT_BYTES} here, and more only from a Secret`;
  report.warning('not-portable', at, message);
}
