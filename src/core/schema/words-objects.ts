/** Words for the objects themselves: what stands around the description of the machine. */
import type { TypeWords } from './type-words.ts';

export const OBJECT_WORDS = {
  ObjectMeta: {
    about: 'What an object is called, and notes on it.',
    fields: {
      name: 'The name; that of a VM has at most 63 lower-case letters, digits and "-". With the namespace it tells one VM from all others.',
      namespace: {
        text: 'A group of names. A VM is known as NAMESPACE/NAME.',
        default: 'default',
      },
      labels:
        'Short texts by which objects are chosen, as in `kubectl get vm -l app=web`. Numbers need quotes.',
      annotations:
        'Notes for programs. Those that begin with solovirt.io/ are settings that only a single host has: see `solovirt explain annotations`.',
      generateName: 'Makes up a name. Has no meaning in a template.',
      creationTimestamp: 'When the object was first known.',
      deletionGracePeriodSeconds:
        'How long the graceful stop may take that comes before the removal.',
      deletionTimestamp: 'Since when the object is being removed.',
      finalizers: 'Programs that have something to do before the object goes.',
      generation: 'Counts the changes of the spec.',
      managedFields: 'Which program wrote which field.',
      ownerReferences: 'The objects that this one belongs to.',
      resourceVersion:
        'Grows with each change of the object; a write that names an older one is refused.',
      selfLink: 'A path that Kubernetes no longer sets.',
      uid: 'Tells this object from all others that ever had its name.',
    },
  },
  VirtualMachine: {
    about:
      'A virtual machine over time: what it is made of and whether it is to run. Each run of it is a VirtualMachineInstance.',
    fields: {
      apiVersion: 'The version of the format. Both mean the same; v1 is the one to write.',
      kind: 'The kind of the object.',
      metadata: 'Name, labels and annotations of the VM.',
      spec: 'What is wanted: the run strategy and the machine.',
      status: 'What is the case, and what happened before.',
    },
  },
  VirtualMachineSpec: {
    about:
      'What is wanted of a VM: when it is to run, and the machine that each run gets. Exactly one of runStrategy and running is there.',
    fields: {
      runStrategy:
        'When the VM is to run. Always: whenever it is down. RerunOnFailure: again after a failure, but not after the guest shut itself down. Once: a single time. Manual: as commands say. Halted: not at all.',
      running: 'The deprecated way to say runStrategy: true is Always, false is Halted.',
      dataVolumeTemplates:
        'Disks that are made from something before the first start, and stay. Each is the dataVolume of one of the volumes.',
      template: 'What each run of the VM is made of. A change takes effect with the next run.',
      updateVolumesStrategy: 'How volumes are exchanged under a running guest.',
    },
  },
  VirtualMachineInstanceTemplateSpec: {
    about: 'The pattern of the instances: each run of the VM is made from it.',
    fields: {
      metadata:
        'Labels and annotations that each instance gets. Annotations of solovirt.io/ here win over those of the VM.',
      spec: 'The machine and its surroundings.',
    },
  },
  VirtualMachineInstanceSpec: {
    about: 'One run of a VM: the machine, its disks and networks, and how it starts and ends.',
    fields: {
      domain: 'The machine that the guest sees.',
      volumes:
        'Where the contents of the disks come from. Each has the name of the disk that shows it.',
      networks: 'What the interfaces are connected to. Each has the name of its interface.',
      terminationGracePeriodSeconds: {
        text: 'How many seconds the guest may take to shut down before it is forced off. 0 asks for no graceful stop.',
        default: 30,
      },
      startStrategy:
        'Paused: the guest comes up with its CPUs stopped, until it is unpaused. Without the field it runs at once.',
      readinessProbe:
        'When the guest is ready: the condition Ready is False until the probe succeeds, and while it fails. Without it a guest that runs is ready.',
      livenessProbe:
        'When the guest is alive: a probe that fails ends the instance with the verdict LivenessProbeFailed, and the run strategy decides what follows.',
      accessCredentials: 'Keys and passwords that the guest is given, from Secrets.',
      architecture: { text: 'The architecture of the guest. arm64 is emulated.', default: 'amd64' },
      hostname:
        'The name that the guest is given by DHCP and by cloud-init. Without it: the name of the VM.',
      subdomain: 'The domain that the guest is given by DHCP.',
      affinity: 'Which nodes and neighbours are preferred or avoided.',
      dnsConfig: 'Name servers and search domains of the pod.',
      dnsPolicy: 'Where the pod takes its name servers from.',
      evictionStrategy: 'What becomes of the guest when its node is emptied.',
      nodeSelector: 'Labels that a node must have.',
      priorityClassName: 'How important the pod is to the scheduler.',
      resourceClaims: 'Devices that the scheduler sets aside.',
      schedulerName: 'The scheduler that chooses the node.',
      serviceAccountName: 'The account under which the pod runs.',
      tolerations: 'Taints of nodes that are no obstacle.',
      topologySpreadConstraints: 'How instances are spread over nodes.',
    },
  },
} as const satisfies Record<string, TypeWords>;
