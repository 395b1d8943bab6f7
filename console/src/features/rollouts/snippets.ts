/** What `docs/rollouts.md` has people paste; the two are kept the same. */

export function curlReport(origin: string): string {
  return `curl -sS "${origin}/api/v1/deployments/" \\
  -H "Authorization: Bearer $SORTIE_KEY" -H "Content-Type: application/json" -d '
  {"deployment_request": "Deploy the shop", "status": "running", "commit_sha": "3f2a9c1",
   "repository_full_name": "acme/shop", "event_metadata": {"environment": "production"}}'`
}

export const WORKFLOW = `jobs:
  deploy:
    runs-on: ubuntu-latest
    env:
      SORTIE_URL: \${{ vars.SORTIE_URL }}
      SORTIE_KEY: \${{ secrets.SORTIE_KEY }}
      STATUS: running
    steps:
      - uses: actions/checkout@v4
      - name: Report the start
        run: &report |
          curl -sS --fail --max-time 10 --retry 3 "$SORTIE_URL/api/v1/deployments/" \\
            -H "Authorization: Bearer $SORTIE_KEY" -H "Content-Type: application/json" -d @- <<END
          {"deployment_request": "Deploy $GITHUB_SHA", "status": "$STATUS", "commit_sha": "$GITHUB_SHA",
           "repository_full_name": "$GITHUB_REPOSITORY", "github_run_id": "$GITHUB_RUN_ID"}
          END
      - name: Deploy
        run: ./deploy.sh
      - name: Report the end
        if: always()
        env:
          STATUS: \${{ job.status }}
        run: *report
`
