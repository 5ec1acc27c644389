/**
 * The field names of KubeVirt 1.9's API types (kubevirt.io/api/core/v1 `types.go`), and of Kubernetes' (k8s.io/api/core/v1)
 * for objects that stand beside VMs, at the places this version reads. They tell a field that KubeVirt has and solovirt cannot honour from a mistyped one.
 * Names only: what a field means is said where it is read.
 */

const NAMES = {
  ObjectMeta:
    'annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers ' +
    'generateName generation labels managedFields name namespace ownerReferences ' +
    'resourceVersion selfLink uid',
  VirtualMachine: 'apiVersion kind metadata spec status',
  VirtualMachineSpec:
    'dataVolumeTemplates instancetype preference runStrategy running template ' +
    'updateVolumesStrategy',
  VirtualMachineInstanceTemplateSpec: 'metadata spec',
  VirtualMachineInstanceSpec:
    'accessCredentials affinity architecture dnsConfig dnsPolicy domain evictionStrategy ' +
    'hostname livenessProbe networks nodeSelector priorityClassName readinessProbe ' +
    'resourceClaims schedulerName serviceAccountName startStrategy subdomain ' +
    'terminationGracePeriodSeconds tolerations topologySpreadConstraints utilityVolumes ' +
    'volumes',
  AccessCredential: 'sshPublicKey userPassword',
  AccessCredentialSecretSource: 'secretName',
  SSHPublicKeyAccessCredential: 'propagationMethod source',
  SSHPublicKeyAccessCredentialSource: 'secret',
  SSHPublicKeyAccessCredentialPropagationMethod: 'configDrive noCloud qemuGuestAgent',
  NoCloudSSHPublicKeyAccessCredentialPropagation: '',
  ConfigDriveSSHPublicKeyAccessCredentialPropagation: '',
  QemuGuestAgentSSHPublicKeyAccessCredentialPropagation: 'users',
  UserPasswordAccessCredential: 'propagationMethod source',
  UserPasswordAccessCredentialSource: 'secret',
  UserPasswordAccessCredentialPropagationMethod: 'qemuGuestAgent',
  QemuGuestAgentUserPasswordAccessCredentialPropagation: '',
  Probe:
    'exec failureThreshold guestAgentPing httpGet initialDelaySeconds periodSeconds ' +
    'successThreshold tcpSocket timeoutSeconds',
  ExecAction: 'command',
  HTTPGetAction: 'host httpHeaders path port scheme',
  HTTPHeader: 'name value',
  TCPSocketAction: 'host port',
  GuestAgentPing: '',
  DomainSpec:
    'chassis clock cpu devices features firmware ioThreads ioThreadsPolicy launchSecurity ' +
    'machine memory rebootPolicy resources',
  CPU:
    'cores dedicatedCpuPlacement features isolateEmulatorThread maxSockets model numa ' +
    'realtime sockets threads',
  CPUFeature: 'name policy',
  Hugepages: 'pageSize',
  Memory: 'guest hugepages maxGuest reservedOverhead',
  ResourceRequirements: 'limits overcommitGuestOverhead requests',
  Machine: 'type',
  Firmware: 'acpi bootloader kernelBoot serial uuid',
  Bootloader: 'bios efi',
  BIOS: 'useSerial',
  EFI: 'persistent secureBoot',
  KernelBoot: 'container kernelArgs',
  KernelBootContainer: 'image imagePullPolicy imagePullSecret initrdPath kernelPath',
  Features: 'acpi apic hyperv hypervPassthrough kvm pvspinlock smm',
  FeatureState: 'enabled',
  FeatureAPIC: 'enabled endOfInterrupt',
  FeatureKVM: 'hidden',
  Clock: 'timer timezone utc',
  ClockOffsetUTC: 'offsetSeconds',
  Timer: 'hpet hyperv kvm pit rtc',
  HPETTimer: 'present tickPolicy',
  KVMTimer: 'present',
  PITTimer: 'present tickPolicy',
  RTCTimer: 'present tickPolicy track',
  Chassis: 'asset manufacturer serial sku version',
  Devices:
    'autoattachGraphicsDevice autoattachInputDevice autoattachMemBalloon ' +
    'autoattachPodInterface autoattachSerialConsole autoattachVSOCK blockMultiQueue ' +
    'clientPassthrough disableHotplug disks downwardMetrics filesystems gpus hostDevices ' +
    'inputs interfaces logSerialConsole networkInterfaceMultiqueue panicDevices rng sound tpm ' +
    'useVirtioTransitional video watchdog',
  Filesystem: 'name virtiofs',
  FilesystemVirtiofs: '',
  Disk:
    'blockSize bootOrder cache cdrom changedBlockTracking dedicatedIOThread disk errorPolicy ' +
    'io lun name serial shareable tag',
  BlockSize: 'custom matchVolume',
  CustomBlockSize: 'discardGranularity logical physical',
  LunTarget: 'bus readonly reservation',
  DiskTarget: 'bus pciAddress readonly',
  CDRomTarget: 'bus readonly tray',
  Volume:
    'cloudInitConfigDrive cloudInitNoCloud configMap containerDisk containerPath dataVolume ' +
    'downwardAPI downwardMetrics emptyDisk ephemeral hostDisk memoryDump name ' +
    'persistentVolumeClaim secret serviceAccount sysprep',
  ContainerDiskSource: 'image imagePullPolicy imagePullSecret path',
  CloudInitNoCloudSource:
    'networkData networkDataBase64 networkDataSecretRef secretRef userData userDataBase64',
  CloudInitConfigDriveSource:
    'networkData networkDataBase64 networkDataSecretRef secretRef userData userDataBase64',
  ConfigMapVolumeSource: 'name optional volumeLabel',
  SecretVolumeSource: 'optional secretName volumeLabel',
  PersistentVolumeClaimVolumeSource: 'claimName hotpluggable readOnly',
  DataVolumeSource: 'hotpluggable name',
  EphemeralVolumeSource: 'persistentVolumeClaim',
  DataVolumeTemplateSpec: 'apiVersion kind metadata spec status',
  HostDisk: 'capacity path shared type',
  EmptyDiskSource: 'capacity',
  Interface:
    'acpiIndex binding bootOrder bridge dhcpOptions macAddress macvtap masquerade model name ' +
    'passt passtBinding pciAddress portRanges ports slirp sriov state tag',
  InterfaceBridge: '',
  InterfacePasstBinding: '',
  InterfaceMasquerade: '',
  Port: 'name port protocol',
  Network: 'multus name pod resourceClaim',
  MultusNetwork: 'default networkName',
  PodNetwork: 'vmIPv6NetworkCIDR vmNetworkCIDR',
  Rng: '',
  VideoDevice: 'type',
  Input: 'bus name type',
  TPMDevice: 'enabled persistent',
  Watchdog: 'diag288 i6300esb name',
  I6300ESBWatchdog: 'action',
  PanicDevice: 'model',
} as const;

/** Objects of Kubernetes' core group that stand beside VMs. */
const CORE_NAMES = {
  LocalObjectReference: 'name',
  /** Kubernetes' own, of the same name as KubeVirt's, which can be plugged in. */
  CorePersistentVolumeClaimVolumeSource: 'claimName readOnly',
  CdiDataVolumeSource: 'blank gcs http imageio pvc registry s3 snapshot upload vddk',
  DataVolumeBlankImage: '',
  DataVolumeSourceHTTP: 'certConfigMap extraHeaders secretExtraHeaders secretRef url',
  DataVolumeSourcePVC: 'name namespace',
  DataVolumeSourceUpload: '',
  DataVolumeSourceRegistry: 'certConfigMap imageStream platform pullMethod secretRef url',
  DataVolumeSpec:
    'checkpoints contentType finalCheckpoint preallocation priorityClassName pvc source ' +
    'sourceRef storage',
  PersistentVolumeClaimSpec:
    'accessModes dataSource dataSourceRef resources selector storageClassName ' +
    'volumeAttributesClassName volumeMode volumeName',
  StorageSpec:
    'accessModes dataSource dataSourceRef resources selector storageClassName volumeMode ' +
    'volumeName',
  VolumeResourceRequirements: 'limits requests',
  ConfigMap: 'apiVersion binaryData data immutable kind metadata',
  Secret: 'apiVersion data immutable kind metadata stringData type',
} as const;

/**
 * Networks: the object of the Network Plumbing Working Group (k8s.cni.cncf.io/v1), and the JSON in it, which is of the CNI
 * specification 1.1 and its plugins `bridge` and `host-local`.
 */
const NETWORK_NAMES = {
  NetworkAttachmentDefinition: 'apiVersion kind metadata spec',
  NetworkAttachmentDefinitionSpec: 'config',
  CniList: 'cniVersion cniVersions disableCheck disableGC loadOnlyInlinedPlugins name plugins',
  CniBridge:
    'args bridge capabilities cniVersion disableContainerInterface dns enabledad forceAddress ' +
    'hairpinMode ipMasq ipMasqBackend ipam isDefaultGateway isGateway macspoofchk mtu name ' +
    'portIsolation preserveDefaultVlan promiscMode runtimeConfig type vlan vlanTrunk',
  CniDns: 'domain nameservers options search',
  CniIpam:
    'daemonSocketPath dataDir gateway provide rangeEnd rangeStart ranges request resolvConf ' +
    'routes subnet type',
  CniRange: 'gateway rangeEnd rangeStart subnet',
  CniRoute: 'dst gw',
} as const;

const ALL_NAMES = { ...NAMES, ...CORE_NAMES, ...NETWORK_NAMES };

/** A type of KubeVirt's or Kubernetes' API by its Go name. */
export type KubeVirtType = keyof typeof ALL_NAMES;

export const KUBEVIRT_TYPES = Object.keys(NAMES) as readonly KubeVirtType[];
export const CORE_TYPES = Object.keys(CORE_NAMES) as readonly KubeVirtType[];
export const NETWORK_TYPES = Object.keys(NETWORK_NAMES) as readonly KubeVirtType[];

/** Every field name of a type, sorted. */
export function kubevirtFields(type: KubeVirtType): readonly string[] {
  return ALL_NAMES[type].split(' ').filter((name) => name !== '');
}
