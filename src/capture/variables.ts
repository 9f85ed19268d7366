/**
 * Variables that change what a training computes. Whole names, never prefixes: `TF_` alone would also let in
 * `TF_VAR_db_password`, which is Terraform's.
 */
const ALLOWED = [
  'CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER', 'CUDA_LAUNCH_BLOCKING', 'CUDA_MODULE_LOADING', 'CUBLAS_WORKSPACE_CONFIG',
  'NVIDIA_VISIBLE_DEVICES', 'NVIDIA_DRIVER_CAPABILITIES', 'NVIDIA_TF32_OVERRIDE', 'NCCL_ALGO', 'NCCL_PROTO', 'NCCL_P2P_DISABLE',
  'HIP_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL', 'HSA_OVERRIDE_GFX_VERSION', 'ZE_AFFINITY_MASK',
  'OMP_NUM_THREADS', 'OMP_PROC_BIND', 'OMP_SCHEDULE', 'MKL_NUM_THREADS', 'MKL_CBWR', 'MKL_DYNAMIC', 'OPENBLAS_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS', 'NUMEXPR_NUM_THREADS', 'KMP_AFFINITY', 'KMP_BLOCKTIME', 'ORT_NUM_THREADS',
  'TF_DETERMINISTIC_OPS', 'TF_CUDNN_DETERMINISTIC', 'TF_ENABLE_ONEDNN_OPTS', 'TF_FORCE_GPU_ALLOW_GROWTH', 'TF_GPU_ALLOCATOR',
  'TF_GPU_THREAD_MODE', 'TF_NUM_INTEROP_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_XLA_FLAGS', 'TF_USE_LEGACY_KERAS', 'XLA_FLAGS',
  'PYTORCH_CUDA_ALLOC_CONF', 'PYTORCH_ENABLE_MPS_FALLBACK', 'TORCH_ALLOW_TF32_CUBLAS_OVERRIDE', 'PYTHONHASHSEED',
  'WORLD_SIZE', 'RANK', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'NODE_ENV', 'UV_THREADPOOL_SIZE', 'TZ', 'LANG', 'LC_ALL'
] as const

const MAX_VALUE_LENGTH = 256

/** The allow-listed variables that are set, in the order of their names. Values of more than 256 characters are left out. */
export function allowedVariables(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    ALLOWED.toSorted().flatMap((name) => {
      const value = variables[name]
      return value === undefined || value === '' || value.length > MAX_VALUE_LENGTH ? [] : [[name, value]]
    })
  )
}
