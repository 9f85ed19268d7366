import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { assertNoSecrets, findSecrets } from '../../src/record/secret-scan.js'
import type { JsonValue } from '../../src/schemas/json-value.js'

// Put together here, so that scanners of this repository find nothing.
const join = (...parts: string[]): string => parts.join('')
const RANDOM = 'zB4kX9qLw2VnR7tYc5HfJ8sPdM3gAe6U'
const HEX = '0123456789abcdef'.repeat(4)

const SECRETS: [string, JsonValue][] = [
  ['GitHub', { note: join('ghp_', RANDOM, 'a1b2') }],
  ['GitHub in a sentence', { note: `pushed with ${join('ghp_', RANDOM, 'a1b2')} by hand` }],
  ['GitHub, fine-grained', { x: join('github_pat_', RANDOM, '_', RANDOM) }],
  ['GitLab', { x: join('glpat-', RANDOM.slice(0, 20)) }],
  ['Slack', { x: join('xoxb-', '123456789012-', RANDOM) }],
  ['AWS key id', { x: join('AKIA', 'IOSFODNN7EXAMPLE') }],
  ['AWS secret', { x: join('wJalrXUtnFEMI/K7MDENG', '/bPxRfiCYEXAMPLEKEY') }],
  ['Google', { x: join('AIza', 'SyA', RANDOM) }],
  ['OpenAI', { x: join('sk-', 'proj-', RANDOM) }],
  ['sk- and hex', { x: join('sk-', HEX.slice(0, 32)) }],
  ['Anthropic', { x: join('sk-ant-', 'api03-', RANDOM) }],
  ['Hugging Face', { x: join('hf_', RANDOM, 'Ab') }],
  ['npm', { x: join('npm_', RANDOM, 'Abcd') }],
  ['stemma', { x: join('stemma_', 'aB3-_'.repeat(8), 'xYz') }],
  ['JWT', { x: join('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0', '.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U') }],
  ['PEM', { x: join('-----BEGIN RSA ', 'PRIVATE KEY-----\nMIIE') }],
  ['PEM, OpenSSH', { x: join('-----BEGIN OPENSSH ', 'PRIVATE KEY-----') }],
  ['bearer header', { x: join('Bearer ', 'abc123def456ghi789') }],
  ['address with a password', { x: 'postgres://app:hunter2@db.example/models' }],
  ['address with a token', { x: 'https://abcdef123456@git.example/x' }],
  ['address with a token and an empty password', { x: 'https://abcdef1234567890abcd:@git.example/x' }],
  ['signed address', { x: join('https://b.s3.amazonaws.com/m?X-Amz-', 'Signature=', HEX) }],
  ['token in a query', { x: 'https://x.example/?access_token=Zx81mQpR7tLw' }],
  ['Azure', { x: join('DefaultEndpointsProtocol=https;Account', 'Key=', RANDOM, '==;') }],
  ['password', { password: 'hunter2' }],
  ['password below', { db: { mysql_pwd: 'hunter2' } }],
  ['camel case', { dbPassword: 'correct horse' }],
  ['API_KEY', { API_KEY: 'my-own-key' }],
  ['x-api-key', { 'x-api-key': 'abcd1234' }],
  ['apikey', { apikey: 'abcd1234' }],
  ['secret', { client_secret: 'shh-quiet' }],
  ['secretAccessKey', { secretAccessKey: 'abcd/efgh' }],
  ['private key', { privateKey: 'abcdefgh' }],
  ['credentials', { credentials: 'user:pass' }],
  ['in a list', { passwords: ['x'], password: ['hunter2'] }],
  ['token', { token: 'a8Fk29dLq0ZxPw' }],
  ['token, hex', { access_token: HEX.slice(0, 32) }],
  ['token, uuid', { authToken: '8a6e0804-2bd0-4672-b79d-d97027f9071a' }],
  ['cookie', { cookie: 'sid4f9a7Bc2LmQ9xT' }],
  ['random text', { note: RANDOM }],
  ['random text inside a sentence', { note: `use "${RANDOM}" for it` }],
  ['random text with signs', { note: 'aB3$kL9!mN2@pQ7#rS4%tU6^wX8&' }],
  ['random text in an address', { x: `https://hooks.example/${RANDOM}` }],
  ['a key that is a secret', { [join('ghp_', RANDOM, 'a1b2')]: 1 }],
  ['a plain text', join('ghp_', RANDOM, 'a1b2')]
]

const HARMLESS: JsonValue[] = [
  {
    tokenizer: 'bert-base-uncased',
    max_tokens: 512,
    token_count: 18_000_000,
    pad_token: '[PAD]',
    eos_token: '<|endoftext|>',
    bos_token: '<s>'
  },
  {
    unk_token: '<unk>',
    mask_token: '▁mask',
    additional_special_tokens: ['<|im_start|>', '<|im_end|>', '[SEP]'],
    token_type: 'wordpiece',
    tokens: 'all'
  },
  { token: 'word', tokens_per_second: '1200', token_embedding: 'learned-absolute-positional', tokenization: 'sentencepiece-unigram-32000' },
  {
    auth_method: 'oauth2-client-credentials',
    auth: 'none',
    session: 'spring-2025-berlin-cohort',
    session_id: 'run-2025-03-01-final',
    cookie_policy: 'strict'
  },
  {
    password_required: 'yes',
    secret_name: 'prod/db',
    api_key_env: 'OPENAI_API_KEY',
    credentials_file: '/etc/keys.json',
    apiKey: 'OPENAI_API_KEY'
  },
  {
    password: '***',
    secret: '${DB_SECRET}',
    apikey: '<your key>',
    api_key: '{{ key }}',
    token: 'REDACTED',
    client_secret: '',
    pwd: '/srv/work'
  },
  { secret: 'vault:kv/models/db', password: 'env:DB_PASSWORD', private_key: null, credentials: false, access_key: 12345 },
  { author: 'Authenticated User', authority: 'European Medicines Agency', secretary: 'someone', passing: 'all tests' },
  { digest: `sha256:${HEX}`, sha1: HEX.slice(0, 40), md5: HEX.slice(0, 32), commit: HEX.slice(8, 48), note: `built from ${HEX}` },
  { upper: HEX.toUpperCase(), id: '8a6e0804-2bd0-4672-b79d-d97027f9071a', gpu: 'GPU-8a6e0804-2bd0-4672-b79d-d97027f9071a' },
  { integrity: `sha512-${createHash('sha512').update('x').digest('base64')}`, checksum: createHash('sha256').update('x').digest('base64') },
  {
    at: '2026-03-01T12:30:15.250Z',
    range: '2026-01-01T00:00:00+01:00/2026-03-31T23:59:59+01:00',
    version: '1.0.0-alpha.beta.11+exp.sha.5114f85'
  },
  {
    path: '/users/someone/projects/CreditScore/data/processed/Train_Features-v2.final.parquet',
    windows: 'C:\\Users\\Someone\\Projects\\Quantum-Jobs\\data_v12.csv'
  },
  {
    uri: 's3://my-bucket/datasets/imagenet-2012/train/n01440764_10026.JPEG',
    url: 'https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/config.json'
  },
  {
    remote: 'ssh://git@github.com:22/org/repo.git',
    scp: 'git@github.com:org/repo.git',
    http: 'https://example.org:8443/a@b/c?rev=main&lang=en#readme'
  },
  {
    template: 'https://${USER}:${PASSWORD}@host/x',
    masked: 'https://user:***@host/x',
    query: 'https://x.example/?token=<token>&key=feature_names'
  },
  {
    model: 'meta-llama/Llama-3.1-70B-Instruct',
    quant: 'Mixtral-8x7B-Instruct-v0.1.Q4_K_M.gguf',
    arch: 'BertForSequenceClassification',
    gpu: 'NVIDIA A100-SXM4-80GB'
  },
  {
    features: 'age,income,employmentLength,debtToIncomeRatio,numberOfOpenAccounts,zipCode3',
    metrics: 'acc;precision;recall;f1;auc_roc;auc_pr;log_loss;brier'
  },
  {
    optimizer: 'AdamW(lr=0.0003,betas=(0.9,0.999),eps=1e-08,weight_decay=0.01)',
    layers: '[64,128,256,512]',
    schedule: 'cosine_with_hard_restarts_with_warmup'
  },
  {
    signature: 'tensor(float32)[batch,3,224,224]->tensor(float32)[batch,1000]',
    regex: '^(?i)[A-Za-z0-9_.-]{3,}@[A-Za-z0-9-]+$',
    sql: 'SELECT a.Id, b.Name FROM A a JOIN B b ON a.Id=b.Id'
  },
  {
    smiles: 'CC(C)Cc1ccc(cc1)C(C)C(=O)O',
    protein: 'MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVVHSLAKWKR',
    dna: 'ACGTTGCAACGTAGCTAGCTAGGATCGATCG'
  },
  {
    description:
      'The quick brown fox jumps over the lazy dog 1234567890 times; see 4.2 (Table 7) and https://doi.org/10.1038/s41586-021-03819-2.'
  },
  {
    german: 'Kreditwürdigkeitsprüfungsmodell für Geschäftskunden',
    chinese: '信用评分模型训练于二零二六年三月使用的数据集包括北京上海广州深圳杭州成都',
    russian: 'Модель кредитного скоринга для корпоративных клиентов'
  },
  {
    node: 'v20.20.2',
    cpu: 'Intel(R) Xeon(R) Platinum 8275CL CPU @ 3.00GHz',
    os: 'Debian GNU/Linux 12 (bookworm)',
    kernel: '6.1.0-18-cloud-amd64',
    cuda: '12.4.131'
  },
  {
    image: `registry.example.com/team/trainer:2026.03.01-1@sha256:${HEX}`,
    pod: 'train-job-7d9f8b6c5d-x2k4j',
    pip: 'torch==2.4.0+cu121',
    dep: `git+https://github.com/org/pkg.git#${HEX.slice(0, 40)}`
  },
  {
    run: 'https://github.com/org/repo/actions/runs/8123456789/attempts/1',
    ci: 'https://gitlab.example.com/group/project/-/jobs/123456789',
    mlflow: HEX.slice(0, 32),
    wandb: 'entity/project/3k9x1a2b'
  },
  {
    certificate: '-----BEGIN CERTIFICATE-----',
    basic: 'Basic English language understanding, level 2',
    bearer: 'Bearer of good news',
    ask: 'ask-me-anything-benchmark'
  },
  {
    sk: 'sk-learn-RandomForestClassifier',
    risk: 'risk-assessment-quarterly',
    disk: 'disk-usage',
    hf: 'hf_model_name',
    keyboard: 'qwerty',
    monkey: 'see',
    key: 'feature_hash'
  },
  { icon: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' },
  {
    camel: 'thisIsAVeryLongCamelCaseIdentifierNameForAFeature',
    kebab: 'a-very-long-kebab-case-name-with-many-parts-v12-final2',
    pascal: 'GradientBoostingRegressorWithQuantileLoss'
  },
  ['pass', 'token', 'secret', 'api_key', 'password'],
  'secret',
  null,
  42
]

describe('findSecrets', () => {
  it.each(SECRETS)('finds: %s', (_, value) => {
    const found = findSecrets(value, 'params')
    expect(found.length).toBe(1)
    expect(found[0]?.path).toMatch(/^params/)
  })

  it.each(HARMLESS.map((value) => [value]))('lets pass: %j', (value) => {
    expect(findSecrets(value, 'params')).toEqual([])
  })

  it('finds a random token of every usual alphabet, and never a digest', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('')
    const token = fc.array(fc.constantFrom(...alphabet), { minLength: 48, maxLength: 48 }).map((characters) => characters.join(''))
    let missed = 0
    fc.assert(
      fc.property(fc.noShrink(token), (text) => {
        if (findSecrets({ note: text }, '').length === 0) missed += 1
      }),
      { numRuns: 500 }
    )
    expect(missed).toBeLessThan(25)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 64 }), (bytes) => {
        expect(findSecrets({ note: Buffer.from(bytes).toString('hex') }, '')).toEqual([])
      })
    )
  })

  it('names the paths, with and without a prefix', () => {
    const value = { db: [{ password: 'hunter2' }], 'odd key': { token: RANDOM } }
    expect(findSecrets(value, 'params').map(({ path }) => path)).toEqual(['params.db[0].password', 'params["odd key"].token'])
    expect(findSecrets(value, '').map(({ path }) => path)).toEqual(['db[0].password', '["odd key"].token'])
  })

  it('hides a key that is a secret', () => {
    const found = findSecrets({ [join('ghp_', RANDOM, 'a1b2')]: { password: 'hunter2' } }, 'tags')
    expect(found.map(({ path }) => path)).toEqual(['tags["<hidden>"]', 'tags["<hidden>"].password'])
    expect(JSON.stringify(found)).not.toContain(RANDOM)
  })
})

describe('assertNoSecrets', () => {
  const value = { db: { password: 'hunter2', host: 'x' }, key: RANDOM }

  it('names paths and reasons, never values', () => {
    try {
      assertNoSecrets(value, 'params', [])
      expect.unreachable()
    } catch (error) {
      if (!isStemmaError(error, 'SECRET_IN_METADATA')) throw error
      expect(error.message).toContain('params.db.password')
      expect(error.details.findings).toEqual([
        { path: 'params.db.password', why: 'its key says password' },
        { path: 'params.key', why: 'it looks random' }
      ])
      expect(JSON.stringify(error)).not.toMatch(new RegExp(`hunter2|${RANDOM}`))
    }
  })

  it.each([
    [['params.db.password', 'params.key']],
    [['db.password', 'key']],
    [['params.db', 'params.key']],
    [['params']],
    [['hunter2', RANDOM]]
  ])('lets pass what is allowed by %j', (allowed) => {
    expect(() => {
      assertNoSecrets(value, 'params', allowed)
    }).not.toThrow()
  })

  it.each([[['params.db']], [['params.d', 'params.key']], [['password', 'key']], [['', 'params.key']], [['[', 'params.key']]])(
    'is not led by %j',
    (allowed) => {
      expect(() => {
        assertNoSecrets(value, 'params', allowed)
      }).toThrow(expect.objectContaining({ code: 'SECRET_IN_METADATA' }))
    }
  )

  it('works without a prefix', () => {
    expect(() => {
      assertNoSecrets({ params: value }, '', ['params.db.password', 'params.key'])
    }).not.toThrow()
    expect(() => {
      assertNoSecrets({ 'odd key': { password: 'hunter2' } }, '', [''])
    }).toThrow(expect.objectContaining({ code: 'SECRET_IN_METADATA' }))
  })

  it('takes no more than linear time for a long hostile text', () => {
    const started = performance.now()
    for (const text of [
      'a://'.repeat(60_000),
      'sk-'.repeat(80_000),
      `https://${'a'.repeat(240_000)}`,
      'A'.repeat(240_000),
      '<'.repeat(240_000),
      'eyJ'.repeat(80_000),
      'a.'.repeat(120_000),
      'bearer '.repeat(30_000),
      '-----BEGIN '.repeat(20_000),
      'https://a:b'.repeat(20_000),
      '?sig='.repeat(40_000),
      'eyJaaaaaaaa-'.repeat(20_000)
    ]) {
      findSecrets({ password: text, note: text }, '')
    }
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
