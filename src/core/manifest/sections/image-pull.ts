/** `imagePullPolicy` and `imagePullSecret`, which a disk and a kernel of an image have alike. */
import { isOfRegistry } from '../../images/pull-plan.ts';
import type { ImagePull } from '../../model/storage.ts';
import { quoted } from '../field-path.ts';
import { type Found, oneOf, text, type ValueOf } from '../fields.ts';
import { parseImageReference } from '../image-reference.ts';
import { checkDnsSubdomain, DNS_SUBDOMAIN } from '../names.ts';
import type { Report } from '../report.ts';

export const IMAGE_PULL = {
  imagePullPolicy: oneOf(['Always', 'IfNotPresent', 'Never']),
  imagePullSecret: text(checkDnsSubdomain, { pattern: DNS_SUBDOMAIN }),
};

type PullFields = {
  readonly [K in keyof typeof IMAGE_PULL]?: Found<ValueOf<(typeof IMAGE_PULL)[K]>>;
};

/** Told of a name without a registry, where neither has an effect. */
export function resolveImagePull(
  image: string,
  { imagePullPolicy, imagePullSecret }: PullFields,
  report: Report,
): ImagePull {
  const field = imagePullSecret ?? (imagePullPolicy?.value === 'Always' && imagePullPolicy);
  if (field && parseImageReference(image).ok && !isOfRegistry(image))
    report.warning(
      'no-effect',
      field,
      `${quoted(image)} names no registry, so it is a file of the image directory and nothing is pulled; a registry's begins with a host: docker.io/${image}`,
    );
  return {
    ...(imagePullPolicy && { pullPolicy: imagePullPolicy.value }),
    ...(imagePullSecret && { pullSecret: imagePullSecret.value }),
  };
}
