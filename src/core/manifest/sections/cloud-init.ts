/**
 * `cloudInitNoCloud` and `cloudInitConfigDrive`: what a guest is told at its first boot.
 */
import type { CloudInitSource, SeedData } from '../../model/virtual-machine.ts';
import { type Found, type Refusal, text, type ValueOf } from '../fields.ts';
import type { KubeVirtType } from '../kubevirt-fields.ts';
import { type ObjectFields, object } from '../object-fields.ts';
import type { Report } from '../report.ts';

/** KubeVirt refuses longer ones (`cloudInitUserMaxLen`, `cloudInitNetworkMaxLen`). */
const KUBEVIRT_BYTES = 2048;

const FIELDS = {
  userData: text(undefined, { mayBeEmpty: true }),
  userDataBase64: text(checkBase64, { mayBeEmpty: true }),
  networkData: text(undefined, { mayBeEmpty: true }),
  networkDataBase64: text(checkBase64, { mayBeEmpty: true }),
};

export const CLOUD_INIT_NO_CLOUD = source('CloudInitNoCloudSource');
export const CLOUD_INIT_CONFIG_DRIVE = source('CloudInitConfigDriveSource');

function source(type: KubeVirtType) {
  return object({ type, fields: FIELDS });
}

type CloudInitFields = Found<ValueOf<typeof CLOUD_INIT_NO_CLOUD>>;
type Fields = ObjectFields<typeof FIELDS>;

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
  const userData = resolveData(found.value, 'userData', report);
  const networkData = resolveData(found.value, 'networkData', report);
  // A field that is there and not valid has its own problem.
  if (userData === undefined && networkData === undefined) {
    if (Object.keys(found.value.get).length === found.value.present.size)
      report.error('required', found, 'cloud-init needs userData or networkData');
    return undefined;
  }
  return {
    kind: 'cloudInit',
    format,
    ...(userData && { userData }),
    ...(networkData && { networkData }),
  };
}

/** As in KubeVirt, an empty text is none. */
function resolveData(
  { get }: Fields,
  name: 'userData' | 'networkData',
  report: Report,
): SeedData | undefined {
  const plain = nonEmpty(get[name]);
  const encoded = nonEmpty(get[`${name}Base64`]);
  if (plain && encoded)
    report.error('mutually-exclusive', encoded, `${name} and ${name}Base64 exclude each other`);
  if (plain) reportLength(name, plain, new TextEncoder().encode(plain.value).length, report);
  if (plain) return { kind: 'text', text: plain.value };
  if (encoded === undefined) return undefined;
  const base64 = withoutLineEnds(encoded.value);
  const filler = base64.length - base64.replace(/=+$/, '').length;
  reportLength(name, encoded, (base64.length / 4) * 3 - filler, report);
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
