"""The one table of who may use which route; `tests/contracts/test_access_matrix.py` holds the server to it.

A new route needs one line in `ACCESS`; what stands in the gaps of its path goes to `GAPS`, and, where a
request without a body is refused before its project is looked up, a body to `BODIES`.
"""

from collections.abc import Mapping
from typing import Any, Final

EVERYBODY: Final = "everybody, signed in or not"
PEOPLE: Final = "customer labeler trusted auditor operator admin"
CUSTOMERS: Final = "customer operator admin"
CURATORS: Final = "customer auditor operator admin"
LABELERS: Final = "labeler trusted auditor"
WATCHERS: Final = "auditor operator admin"
OPERATORS: Final = "operator admin"
ACCESS: Final[Mapping[str, str]] = {
    # --- the API: projects and what customers send and get
    "POST   /v1/projects": CUSTOMERS,
    "GET    /v1/projects": CUSTOMERS,
    "GET    /v1/projects/{project}": CUSTOMERS,
    "PATCH  /v1/projects/{project}": CUSTOMERS,
    "POST   /v1/projects/{project}/erase": CUSTOMERS,
    "GET    /v1/projects/{project}/quality": CUSTOMERS,
    "GET    /v1/projects/{project}/why-empty": CUSTOMERS,
    "GET    /v1/projects/{project}/metrics": CUSTOMERS,
    "POST   /v1/projects/{project}/tasks": CUSTOMERS,
    "GET    /v1/projects/{project}/tasks/{task}": CUSTOMERS,
    "POST   /v1/projects/{project}/tasks/{task}/cancel": CUSTOMERS,
    "GET    /v1/projects/{project}/batches/{batch}": CUSTOMERS,
    "POST   /v1/projects/{project}/batches/{batch}/cancel": CUSTOMERS,
    "GET    /v1/projects/{project}/labels": CUSTOMERS,
    "GET    /v1/projects/{project}/labels/stream": CUSTOMERS,
    "GET    /v1/projects/{project}/labels/export": CUSTOMERS,
    "GET    /v1/projects/{project}/webhooks": CUSTOMERS,
    "POST   /v1/webhooks": CUSTOMERS,
    "DELETE /v1/webhooks/{webhook}": CUSTOMERS,
    "POST   /v1/webhooks/{webhook}/test": CUSTOMERS,
    "POST   /v1/webhooks/{webhook}/replay": CUSTOMERS,
    "GET    /v1/webhooks/{webhook}/deliveries": CUSTOMERS,
    # --- the API: benchmarks by hand
    "POST   /v1/projects/{project}/benchmarks": CURATORS,
    "GET    /v1/projects/{project}/benchmarks": CURATORS,
    "GET    /v1/projects/{project}/benchmarks/{task}": CURATORS,
    "PATCH  /v1/projects/{project}/benchmarks/{task}": CURATORS,
    "POST   /v1/projects/{project}/benchmarks/retire": CURATORS,
    "POST   /v1/projects/{project}/reference": CUSTOMERS,
    "GET    /v1/projects/{project}/reference": CUSTOMERS,
    "GET    /v1/audit/benchmarks": WATCHERS,
    "POST   /v1/audit/benchmarks/{project}/{task}/claim": "auditor",
    "POST   /v1/audit/benchmarks/next": "auditor",
    "POST   /v1/audit/benchmarks/{project}/{task}/answer": "auditor",
    "POST   /v1/audit/benchmarks/{project}/{task}/release": "auditor",
    "POST   /v1/audit/benchmarks/{project}/{task}/comment": "auditor",
    "POST   /v1/audit/work/next": "auditor",
    "POST   /v1/audit/work/{project}/{piece}/renew": "auditor",
    "POST   /v1/audit/work/{project}/{piece}/answer": "auditor",
    "POST   /v1/audit/work/{project}/{piece}/release": "auditor",
    "GET    /v1/projects/{project}/filter": WATCHERS,
    "POST   /v1/projects/{project}/labelers/{labeler}/ruling": WATCHERS,
    # --- the API: work; the first four are answered in front of Litestar
    "POST   /v1/work/next": LABELERS,
    "POST   /v1/work/{lease}/answer": LABELERS,
    "POST   /v1/work/{lease}/skip": LABELERS,
    "POST   /v1/work/{lease}/renew": LABELERS,
    "POST   /v1/work/{lease}/defer": LABELERS,
    "POST   /v1/work/{lease}/dispute": LABELERS,
    "POST   /v1/practice/next": LABELERS,
    "POST   /v1/practice/{practice}/answer": LABELERS,
    # --- the API: alerts
    "GET    /v1/alerts": OPERATORS,
    "GET    /v1/projects/{project}/alerts/{alert}": OPERATORS,
    "POST   /v1/projects/{project}/alerts/{alert}/acknowledge": OPERATORS,
    "POST   /v1/projects/{project}/alerts/{alert}/mute": OPERATORS,
    "GET    /v1/projects/{project}/alert-rules": OPERATORS,
    "PATCH  /v1/projects/{project}/alert-rules": OPERATORS,
    "GET    /v1/alert-channels": OPERATORS,
    "POST   /v1/alert-channels": OPERATORS,
    "DELETE /v1/alert-channels/{channel}": OPERATORS,
    "POST   /v1/alert-channels/{channel}/test": OPERATORS,
    # --- the API: versions of a policy, and sandboxes to try one
    "GET    /v1/projects/{project}/policy/versions": CUSTOMERS,
    "POST   /v1/projects/{project}/policy/revert": CUSTOMERS,
    "GET    /v1/projects/{project}/sandboxes": OPERATORS,
    "POST   /v1/projects/{project}/sandboxes": OPERATORS,
    "POST   /v1/projects/{project}/sandboxes/{sandbox}/warm": OPERATORS,
    "POST   /v1/projects/{project}/sandboxes/{sandbox}/promote": OPERATORS,
    # --- the API: the operation
    "POST   /v1/customers": OPERATORS,
    "GET    /v1/customers": OPERATORS,
    "POST   /v1/labelers": OPERATORS,
    "GET    /v1/labelers": OPERATORS,
    "PATCH  /v1/labelers/{labeler}": OPERATORS,
    "POST   /v1/keys": OPERATORS,
    "DELETE /v1/keys/{key}": OPERATORS,
    "GET    /metrics": OPERATORS,
    "GET    /healthz": EVERYBODY,
    "GET    /v1/openapi.json": EVERYBODY,
    # --- pages: the way in, and one's own account
    "GET    /static/{name}": EVERYBODY,
    "GET    /login": EVERYBODY,
    "POST   /login": EVERYBODY,
    "GET    /enter/{token}": EVERYBODY,
    "POST   /enter/{token}": EVERYBODY,
    "GET    /": PEOPLE,
    "POST   /logout": PEOPLE,
    "GET    /account": PEOPLE,
    "POST   /account/password": PEOPLE,
    "POST   /account/sign-out-everywhere": PEOPLE,
    "GET    /account/data": PEOPLE,
    "POST   /account/erase": PEOPLE,
    "POST   /account/erase/take-back": PEOPLE,
    # --- pages: who comes, and who is here
    "GET    /sso/start": EVERYBODY,
    "GET    /sso/callback": EVERYBODY,
    "GET    /join/{token}": EVERYBODY,
    "POST   /join/{token}": EVERYBODY,
    "GET    /people": OPERATORS,
    "GET    /people/{account}": OPERATORS,
    "POST   /people/{account}/role": OPERATORS,
    "POST   /people/{account}/disable": OPERATORS,
    "POST   /people/{account}/enable": OPERATORS,
    "POST   /people/{account}/sign-out": OPERATORS,
    "POST   /people/{account}/link": OPERATORS,
    "POST   /people/{account}/erase": OPERATORS,
    "GET    /people/erasures": OPERATORS,
    "GET    /people/invitations": OPERATORS,
    "POST   /people/invitations": OPERATORS,
    "POST   /people/invitations/{invitation}/revoke": OPERATORS,
    "GET    /people/customers": OPERATORS,
    "POST   /people/customers": OPERATORS,
    "GET    /people/customers/{customer}": OPERATORS,
    "POST   /people/customers/{customer}/keys": OPERATORS,
    "POST   /people/customers/{customer}/keys/{key}/revoke": OPERATORS,
    "GET    /keys": "customer",
    "POST   /keys": "customer",
    "POST   /keys/{key}/revoke": "customer",
    # --- pages: work
    "GET    /work": LABELERS,
    "GET    /work/practice": LABELERS,
    # --- pages: the operation
    "GET    /operate": OPERATORS,
    "GET    /operate/{project}": OPERATORS,
    "GET    /operate/{project}/events": OPERATORS,
    "GET    /operate/{project}/metrics": OPERATORS,
    "GET    /operate/{project}/labelers": OPERATORS,
    "GET    /operate/{project}/log": OPERATORS,
    "GET    /operate/{project}/labelers/{labeler}": OPERATORS,
    "POST   /operate/{project}/labelers/{labeler}/panel": OPERATORS,
    "GET    /operate/alerts": OPERATORS,
    "GET    /operate/channels": OPERATORS,
    "POST   /operate/channels": OPERATORS,
    "POST   /operate/channels/{channel}/test": OPERATORS,
    "POST   /operate/channels/{channel}/delete": OPERATORS,
    "GET    /operate/{project}/alerts": OPERATORS,
    "GET    /operate/{project}/alerts/{alert}": OPERATORS,
    "POST   /operate/{project}/alerts/{alert}/acknowledge": OPERATORS,
    "POST   /operate/{project}/alerts/{alert}/mute": OPERATORS,
    "GET    /operate/{project}/alerts/rules": OPERATORS,
    "POST   /operate/{project}/alerts/rules": OPERATORS,
    "POST   /operate/{project}/labelers/{labeler}/ruling": OPERATORS,
    "GET    /operate/{project}/filter": OPERATORS,
    # --- pages: projects
    "GET    /projects": CUSTOMERS,
    "GET    /projects/new": CUSTOMERS,
    "POST   /projects/new": CUSTOMERS,
    "GET    /projects/{project}": CUSTOMERS,
    "GET    /projects/{project}/preview": CUSTOMERS,
    "GET    /projects/{project}/rounds": CUSTOMERS,
    "GET    /projects/{project}/rounds/{batch}": CUSTOMERS,
    "POST   /projects/{project}/rounds/{batch}/cancel": CUSTOMERS,
    "GET    /projects/{project}/settings": CUSTOMERS,
    "POST   /projects/{project}/settings": CUSTOMERS,
    "POST   /projects/{project}/settings/state": CUSTOMERS,
    "POST   /projects/{project}/settings/policy": CUSTOMERS,
    "POST   /projects/{project}/settings/erase": CUSTOMERS,
    "POST   /projects/{project}/settings/price": OPERATORS,
    "GET    /projects/{project}/webhooks": CUSTOMERS,
    "POST   /projects/{project}/webhooks": CUSTOMERS,
    "GET    /projects/{project}/webhooks/{webhook}": CUSTOMERS,
    "POST   /projects/{project}/webhooks/{webhook}/test": CUSTOMERS,
    "POST   /projects/{project}/webhooks/{webhook}/replay": CUSTOMERS,
    "POST   /projects/{project}/webhooks/{webhook}/switch": CUSTOMERS,
    "POST   /projects/{project}/webhooks/{webhook}/delete": CUSTOMERS,
    # --- pages: tasks in, labels out
    "GET    /projects/{project}/push": CUSTOMERS,
    "POST   /projects/{project}/push/preview": CUSTOMERS,
    "GET    /projects/{project}/labels": CUSTOMERS,
    "GET    /projects/{project}/labels/{label}": CUSTOMERS,
    # --- pages: sandboxes
    "GET    /operate/{project}/sandboxes": OPERATORS,
    "POST   /operate/{project}/sandboxes": OPERATORS,
    "POST   /operate/{project}/sandboxes/{sandbox}/warm": OPERATORS,
    "POST   /operate/{project}/sandboxes/{sandbox}/promote": OPERATORS,
    "POST   /operate/{project}/sandboxes/revert": OPERATORS,
    # --- pages: auditors, and benchmarks
    "GET    /audit": WATCHERS,
    "GET    /audit/benchmarks": "auditor",
    "GET    /audit/work": "auditor",
    "GET    /audit/labelers": WATCHERS,
    "POST   /audit/looks/{look}": WATCHERS,
    "GET    /audit/write": WATCHERS,
    "GET    /projects/{project}/reference": CUSTOMERS,
    "POST   /projects/{project}/reference": CUSTOMERS,
    "GET    /projects/{project}/benchmarks": CURATORS,
    "GET    /projects/{project}/benchmarks/new": CURATORS,
    "POST   /projects/{project}/benchmarks/new": CURATORS,
    "POST   /projects/{project}/benchmarks/file": CURATORS,
    "GET    /projects/{project}/benchmarks/{task}": CURATORS,
    "POST   /projects/{project}/benchmarks/{task}": CURATORS,
    # --- pages: a labeler's card
    "GET    /card": LABELERS,
    "POST   /card/look": LABELERS,
    # --- pages: for whoever builds pages
    "GET    /patterns": PEOPLE,
}
GAPS: Final = {
    "lease": "A" * 22,
    "practice": "A" * 22,
    "token": "A" * 43,
    "batch": "none",
    "name": "app.css",
    "task": "999999",
    "label": "999999",
    "webhook": "999999",
    "labeler": "999999",
    "look": "999999",
    "key": "999999",
    "account": "999999",
    "invitation": "999999",
    "customer": "999999",
    "alert": "999999",
    "channel": "999999",
    "piece": "999999",
    "sandbox": "999999",
}
"""What stands in the gaps of an address: of all these only the project exists."""
BODIES: Final[Mapping[str, Any]] = {
    "POST /v1/projects/{project}/erase": {"name": "any"},
    "POST /v1/projects/{project}/tasks": {"tasks": [{"input": {"options": ["a", "b"]}}]},
    "POST /v1/projects/{project}/reference": {"tasks": [{"input": {"options": ["a", "b"]}, "key": 0}]},
    "POST /v1/projects/{project}/benchmarks": {"benchmarks": [{"input": {"options": ["a", "b"]}, "key": 0}]},
}
ROUTES: Final = {" ".join(route.split()): allowed for route, allowed in ACCESS.items()}


def is_page(route: str) -> bool:
    """Whether a route is for people, in a browser."""
    return not route.split()[1].startswith(("/v1/", "/healthz", "/metrics"))


def filled(path: str, project: int) -> str:
    """An address with something in each gap; only the project exists."""
    return path.format(**GAPS, project=project)
