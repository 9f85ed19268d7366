/** What a CI system says of the run that it made. */
export interface CiRun {
  provider: string
  commit?: string | undefined
  branch?: string | undefined
  tag?: string | undefined
  runId?: string | undefined
  runUrl?: string | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

interface Provider {
  name: string
  /** The variable by which the system makes itself known. */
  mark: string
  commit?: string
  branch?: string
  tag?: string
  runId?: string
  runUrl?: string | ((variables: Variables) => string | undefined)
}

const PROVIDERS: readonly Provider[] = [
  {
    name: 'github-actions',
    mark: 'GITHUB_ACTIONS',
    commit: 'GITHUB_SHA',
    runId: 'GITHUB_RUN_ID',
    runUrl: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run }) =>
      server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined
  },
  { name: 'gitlab-ci', mark: 'GITLAB_CI', commit: 'CI_COMMIT_SHA', branch: 'CI_COMMIT_BRANCH', tag: 'CI_COMMIT_TAG', runId: 'CI_JOB_ID', runUrl: 'CI_JOB_URL' },
  { name: 'bitbucket-pipelines', mark: 'BITBUCKET_BUILD_NUMBER', commit: 'BITBUCKET_COMMIT', branch: 'BITBUCKET_BRANCH', tag: 'BITBUCKET_TAG', runId: 'BITBUCKET_BUILD_NUMBER' },
  { name: 'circleci', mark: 'CIRCLECI', commit: 'CIRCLE_SHA1', branch: 'CIRCLE_BRANCH', tag: 'CIRCLE_TAG', runId: 'CIRCLE_BUILD_NUM', runUrl: 'CIRCLE_BUILD_URL' },
  {
    name: 'azure-pipelines',
    mark: 'TF_BUILD',
    commit: 'BUILD_SOURCEVERSION',
    runId: 'BUILD_BUILDID',
    runUrl: ({ SYSTEM_COLLECTIONURI: server, SYSTEM_TEAMPROJECT: project, BUILD_BUILDID: run }) =>
      server && project && run ? `${server}${encodeURIComponent(project)}/_build/results?buildId=${run}` : undefined
  },
  { name: 'jenkins', mark: 'JENKINS_URL', commit: 'GIT_COMMIT', branch: 'GIT_BRANCH', runId: 'BUILD_ID', runUrl: 'BUILD_URL' },
  { name: 'buildkite', mark: 'BUILDKITE', commit: 'BUILDKITE_COMMIT', branch: 'BUILDKITE_BRANCH', tag: 'BUILDKITE_TAG', runId: 'BUILDKITE_BUILD_NUMBER', runUrl: 'BUILDKITE_BUILD_URL' },
  { name: 'drone', mark: 'DRONE', commit: 'DRONE_COMMIT_SHA', branch: 'DRONE_BRANCH', tag: 'DRONE_TAG', runId: 'DRONE_BUILD_NUMBER', runUrl: 'DRONE_BUILD_LINK' },
  { name: 'travis-ci', mark: 'TRAVIS', commit: 'TRAVIS_COMMIT', branch: 'TRAVIS_BRANCH', tag: 'TRAVIS_TAG', runId: 'TRAVIS_BUILD_ID', runUrl: 'TRAVIS_BUILD_WEB_URL' },
  { name: 'teamcity', mark: 'TEAMCITY_VERSION', commit: 'BUILD_VCS_NUMBER', runId: 'BUILD_NUMBER' },
  { name: 'appveyor', mark: 'APPVEYOR', commit: 'APPVEYOR_REPO_COMMIT', branch: 'APPVEYOR_REPO_BRANCH', tag: 'APPVEYOR_REPO_TAG_NAME', runId: 'APPVEYOR_BUILD_ID' },
  { name: 'aws-codebuild', mark: 'CODEBUILD_BUILD_ARN', commit: 'CODEBUILD_RESOLVED_SOURCE_VERSION', runId: 'CODEBUILD_BUILD_ID' },
  { name: 'google-cloud-build', mark: 'BUILDER_OUTPUT', commit: 'COMMIT_SHA', branch: 'BRANCH_NAME', tag: 'TAG_NAME', runId: 'BUILD_ID' },
  { name: 'semaphore', mark: 'SEMAPHORE', commit: 'SEMAPHORE_GIT_SHA', branch: 'SEMAPHORE_GIT_BRANCH', tag: 'SEMAPHORE_GIT_TAG_NAME', runId: 'SEMAPHORE_WORKFLOW_ID' },
  { name: 'cirrus-ci', mark: 'CIRRUS_CI', commit: 'CIRRUS_CHANGE_IN_REPO', branch: 'CIRRUS_BRANCH', tag: 'CIRRUS_TAG', runId: 'CIRRUS_BUILD_ID' },
  { name: 'woodpecker', mark: 'CI_PIPELINE_FORGE_URL', commit: 'CI_COMMIT_SHA', branch: 'CI_COMMIT_BRANCH', tag: 'CI_COMMIT_TAG', runId: 'CI_PIPELINE_NUMBER', runUrl: 'CI_PIPELINE_URL' },
  { name: 'vercel', mark: 'VERCEL', commit: 'VERCEL_GIT_COMMIT_SHA', branch: 'VERCEL_GIT_COMMIT_REF', runId: 'VERCEL_DEPLOYMENT_ID' },
  { name: 'netlify', mark: 'NETLIFY', commit: 'COMMIT_REF', branch: 'BRANCH', runId: 'BUILD_ID' },
  { name: 'cloudflare-pages', mark: 'CF_PAGES', commit: 'CF_PAGES_COMMIT_SHA', branch: 'CF_PAGES_BRANCH' },
  { name: 'render', mark: 'RENDER', commit: 'RENDER_GIT_COMMIT', branch: 'RENDER_GIT_BRANCH' },
  { name: 'heroku', mark: 'HEROKU_TEST_RUN_ID', commit: 'HEROKU_TEST_RUN_COMMIT_VERSION', branch: 'HEROKU_TEST_RUN_BRANCH', runId: 'HEROKU_TEST_RUN_ID' }
]

/** The CI system that this runs in, by its variables, and what it says of the run; as it says it, unchecked. */
export function detectCi(variables: Variables): CiRun | undefined {
  const provider = PROVIDERS.find(({ mark }) => isSet(variables[mark]))
  if (provider === undefined) return isSet(variables.CI) ? { provider: 'unknown' } : undefined
  const { name, runUrl } = provider
  const value = (variable: string | undefined): string | undefined => (variable === undefined ? undefined : variables[variable] || undefined)
  return {
    provider: name,
    commit: value(provider.commit),
    ...refOf(name, variables, { branch: value(provider.branch), tag: value(provider.tag) }),
    runId: value(provider.runId),
    runUrl: typeof runUrl === 'function' ? runUrl(variables) : value(runUrl)
  }
}

/** Values of all variables in which CI systems give a commit: a container may be given that one alone. Unchecked. */
export function commitVariables(variables: Variables): (string | undefined)[] {
  return PROVIDERS.map(({ commit }) => (commit === undefined ? undefined : variables[commit]))
}

/** Systems that name branches and tags in one variable. */
function refOf(name: string, variables: Variables, own: Pick<CiRun, 'branch' | 'tag'>): Pick<CiRun, 'branch' | 'tag'> {
  const full = name === 'github-actions' ? variables.GITHUB_REF : name === 'azure-pipelines' ? variables.BUILD_SOURCEBRANCH : undefined
  const [, kind, short] = /^refs\/(heads|tags)\/(.+)$/.exec(full ?? '') ?? []
  if (kind === 'heads') return { branch: short }
  if (kind === 'tags') return { tag: short }
  return own
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value.toLowerCase() !== 'false' && value !== '0'
}
