#!/bin/bash
# Curfew's activity agent for JupyterLab, Code Editor and KernelGateway: tells EventBridge when this app was last used.
# Returns at once, with 0; needs only events:PutEvents; writes only to its own folder, where agent.log says what it does.
home="${CURFEW_AGENT_HOME:-/tmp/curfew-agent}"
{
umask 077
mkdir -p "$home" && [ -O "$home" ] && [ ! -L "$home" ] && cat >"$home/$$.py" <<'PYTHON' && mv -f "$home/$$.py" "$home/agent.py" &&
import calendar, fcntl, hashlib, hmac, http.client, json, os, random, re, subprocess, sys, time
from urllib.parse import urlsplit

os.chdir(sys.argv[1])
env = os.environ.get
setting = lambda name, default: env('CURFEW_AGENT_' + name) or default
INTERVAL = float(setting('INTERVAL', 600)) # seconds between heartbeats
SPAN = min(300, INTERVAL) # of load, of quiet
SAMPLE = min(float(setting('SAMPLE', 60)), INTERVAL) # and between looks
CORES = float(setting('CPU_CORES', .5)) # more, over a span, is use
GPU = float(setting('GPU_PERCENT', 5))

def read(path):
 with open(path) as file:
  return file.read(1 << 20)

def write(path, text, mode='w'):
 with open(path, mode) as file:
  file.write(text)

# Times are UTC, whatever TZ says.
def iso(t):
 return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(t)) + '.%03dZ' % (t * 1000 % 1000)

def parse(text):
 m = re.match(r'([\d-]{10}T[\d:]{8})(\.\d+)?(Z|\+00:00)$', text.strip())
 return calendar.timegm(time.strptime(m.group(1), '%Y-%m-%dT%H:%M:%S')) + float(m.group(2) or 0)

said = {}

def log(topic, text):
 """One line, when it is news on its topic. Past 64 KB the older half goes."""
 if said.get(topic) == text:
  return
 said[topic] = text
 try:
  write('agent.log', '%s %s: %s\n' % (iso(time.time()), topic, text), 'a')
  if os.path.getsize('agent.log') > 65536:
   write('agent.log', read('agent.log')[-32768:])
 except OSError:
  pass

def call(method, url, headers, body=None):
 u = urlsplit(url)
 kind = http.client.HTTPSConnection if u.scheme == 'https' else http.client.HTTPConnection
 to = kind(u.hostname, u.port, timeout=10)
 try:
  to.request(method, (u.path or '/') + '?' * bool(u.query) + u.query, body, headers)
  answer = to.getresponse()
  return answer.status, answer.read(1 << 22).decode()
 finally:
  to.close()

state = {'agent': time.time(), 'last': {}}

def recall():
 """When this container began, and what an agent before us in it knew."""
 state.update(boot='', started=time.time())
 try:
  ticks = read('/proc/1/stat').rsplit(')', 1)[1].split()[19]
  age = float(read('/proc/uptime').split()[0]) - int(ticks) / os.sysconf('SC_CLK_TCK')
  state.update(boot=read('/proc/sys/kernel/random/boot_id') + ticks, started=time.time() - age)
  old = json.loads(read('state.json'))
  if old['boot'] == state['boot']:
   state.update(old)
 except (OSError, ValueError, LookupError):
  pass

def whoami():
 data = json.loads(read(setting('METADATA', '/opt/ml/metadata/resource-metadata.json')))
 who = {'domainId': data['DomainId'], 'appType': data['AppType'], 'appName': data['ResourceName']}
 if data.get('SpaceName'):
  who['spaceName'] = data['SpaceName']
 else:
  who['userProfileName'] = data['UserProfileName']
 return who, data['ResourceArn'].split(':')

def ask(base, path):
 """JSON of the app's own API, or None. The query keeps our asking from counting as activity."""
 token = env('JUPYTER_TOKEN') or env('KG_AUTH_TOKEN')
 headers = {'Authorization': 'token ' + token} if token else {}
 status, body = call('GET', '%s/api/%s?no_track_activity=1' % (base.rstrip('/'), path), headers)
 try:
  return json.loads(body) if status == 200 else log(path, '%s answers %d' % (base, status))
 except ValueError:
  return None

def ask_app(app_type):
 root = 'http://127.0.0.1:8888/'
 ours = root + (env('SAGEMAKER_APP_TYPE_LOWERCASE') or app_type.lower()) + '/default/'
 for base in setting('API', ' '.join([root, ours] if app_type == 'KernelGateway' else [ours, root])).split():
  try:
   told = {path: ask(base, path) for path in ('kernels', 'terminals', 'idle')}
  except (OSError, http.client.HTTPException) as error:
   log('API', 'down at %s: %s' % (base, error))
   return {}
  if isinstance(told['kernels'], list) or isinstance(told['idle'], dict):
   log('API', base)
   return told
 return log('API', 'not found') or {}

def terminals_touched():
 """When a terminal last read or wrote, in tmux or behind a closed browser too, which Jupyter may not see."""
 times, consoles = [0], []
 for fd in '012':
  try:
   consoles.append(os.readlink('/proc/1/fd/' + fd))
  except OSError:
   pass
 folder = setting('PTS', '/dev/pts')
 for name in os.listdir(folder):
  path = os.path.join(folder, name)
  if name.isdigit() and path not in consoles and os.path.exists(path):
   times += [os.stat(path).st_mtime, os.stat(path).st_atime]
 return max(times)

def cpu_seconds():
 root = setting('CGROUP', '/sys/fs/cgroup')
 try:
  return int(re.search(r'usage_usec (\d+)', read(root + '/cpu.stat')).group(1)) / 1e6
 except OSError:
  return int(read(root + '/cpuacct/cpuacct.usage')) / 1e9

loads = []

def observe(app_type, now):
 """One entry for each kind that could be looked at; what could not be read is left out."""
 seen, last, told = {}, state['last'], ask_app(app_type)
 kernels, terminals, idle = told.get('kernels'), told.get('terminals'), told.get('idle')

 def see(kind, busy, used=0):
  last[kind] = max(last.get(kind) or 0, now if busy else min(used, now)) or None
  seen[kind] = {'kind': kind, 'busy': busy, 'lastUseAt': last[kind]}

 def kernel():
  if isinstance(kernels, list):
   busy = any(k['execution_state'] == 'busy' for k in kernels)
   see('kernel', busy, max([parse(k['last_activity']) for k in kernels] or [0]))

 def terminal():
  if told:
   times = [parse(t['last_activity']) for t in terminals or []]
   see('terminal', False, max(times + [terminals_touched()]))

 def editor():
  stamps = [idle['lastActiveTimestamp']] if idle else []
  try:
   stamps.append(read(setting('IDLE_FILE', '/tmp/.sagemaker-last-active-timestamp')))
  except OSError:
   if idle is None:
    return
  at = max([parse(stamp) for stamp in stamps] or [0])
  # With nothing opened the endpoint tells when it was first asked; JupyterLab's repeats kernels and terminals.
  unopened = at == state.setdefault('idle', at) and 0 <= at - state['agent'] < 300
  known = max(last.get(kind) or 0 for kind in ('kernel', 'terminal')) + 2
  see('editor', False, 0 if unopened or at < state['started'] or kernels is not None and at < known else at)

 def gpu():
  try:
   text = subprocess.check_output(['nvidia-smi', '--query-gpu=utilization.gpu', '--format=csv,noheader,nounits'], timeout=20)
   see('gpu', max(map(float, re.findall(r'\d+', text.decode()))) > GPU)
  except FileNotFoundError:
   pass

 def cpu():
  loads.append((time.monotonic(), cpu_seconds()))
  while len(loads) > 2 and loads[-1][0] - loads[1][0] >= SPAN - SAMPLE / 2:
   del loads[0]
  span, used = (b - a for a, b in zip(loads[0], loads[-1]))
  if span >= SPAN - SAMPLE / 2:
   see('cpu', used / span > CORES)

 def memory():
  write('state.new', json.dumps(state))
  os.replace('state.new', 'state.json')

 for look in (kernel, terminal, editor, gpu, cpu, memory):
  try:
   look()
  except Exception as error:
   log(look.__name__, 'unknown: %r' % error)
 return seen

def credentials():
 if env('AWS_ACCESS_KEY_ID'):
  return env('AWS_ACCESS_KEY_ID'), env('AWS_SECRET_ACCESS_KEY'), env('AWS_SESSION_TOKEN')
 path = env('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
 url = 'http://169.254.170.2' + path if path else env('AWS_CONTAINER_CREDENTIALS_FULL_URI')
 if not url:
  raise OSError('no credentials')
 token = env('AWS_CONTAINER_AUTHORIZATION_TOKEN')
 keys = json.loads(call('GET', url, {'Authorization': token} if token else {})[1])
 return keys['AccessKeyId'], keys['SecretAccessKey'], keys.get('Token')

def put(region, url, body):
 """PutEvents, signed by hand: boto3 alone takes twice our memory."""
 key_id, secret, token = credentials()
 stamp = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
 headers = {'content-type': 'application/x-amz-json-1.1', 'host': urlsplit(url).netloc, 'x-amz-date': stamp}
 if token:
  headers['x-amz-security-token'] = token
 headers['x-amz-target'] = 'AWSEvents.PutEvents'
 sha = lambda text: hashlib.sha256(text.encode()).hexdigest()
 mac = lambda key, text: hmac.new(key, text.encode(), 'sha256')
 names = ';'.join(headers)
 request = '\n'.join(['POST', '/', ''] + [':'.join(pair) for pair in headers.items()] + ['', names, sha(body)])
 scope = '%s/%s/events/aws4_request' % (stamp[:8], region)
 key = ('AWS4' + secret).encode()
 for part in scope.split('/'):
  key = mac(key, part).digest()
 signature = mac(key, '\n'.join(['AWS4-HMAC-SHA256', stamp, scope, sha(request)])).hexdigest()
 headers['authorization'] = 'AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s' % (
  key_id, scope, names, signature)
 status, answer = call('POST', url, headers, body)
 if status != 200:
  raise RuntimeError('HTTP %d %s' % (status, answer[:300]))
 return answer

def put_by_others(region, body, why):
 """In a child, where we have no keys or connection: boto3 and the AWS CLI know profiles and proxies."""
 code = 'import boto3,json,sys;r,b=sys.argv[1:];print(json.dumps(boto3.client("events",r).put_events(**json.loads(b))))'
 cli = ['aws', 'events', 'put-events', '--region', region, '--cli-input-json', body]
 for command in ['python3', '-c', code, region, body], cli:
  try:
   return subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=60).decode()
  except (OSError, subprocess.SubprocessError):
   pass
 raise RuntimeError('%s; nor could boto3 or the AWS CLI' % why)

def send(who, arn, seen, now):
 region, suffix = arn[3], '.cn' * (arn[1] == 'aws-cn')
 url = env('AWS_ENDPOINT_URL_EVENTBRIDGE') or env('AWS_ENDPOINT_URL') or 'https://events.%s.amazonaws.com%s' % (region, suffix)
 activity = [dict(entry, lastUseAt=entry['lastUseAt'] and iso(entry['lastUseAt'])) for entry in seen.values()]
 detail = dict(who, version=1, agent='1.0.0', appStartedAt=iso(state['started']), observedAt=iso(now), activity=activity)
 body = json.dumps({'Entries': [{'Source': 'curfew.agent', 'DetailType': 'Curfew Activity', 'Detail': json.dumps(detail),
  'EventBusName': setting('BUS', 'default')}]})
 try:
  told = put(region, url.rstrip('/') + '/', body)
 except (OSError, http.client.HTTPException) as error:
  told = put_by_others(region, body, error)
 if json.loads(told).get('FailedEntryCount'):
  raise RuntimeError(told[:300])

def is_news(a, b):
 """A kind come or gone, or used after a quiet time."""
 used = lambda e: e['lastUseAt'] or 0
 return a.keys() != b.keys() or any(used(a[k]) - used(b[k]) > SPAN for k in a)

def main():
 recall()
 log('agent', 'started as process %d' % os.getpid())
 looked, news, sent_at, failures, retry_at = {}, True, 0, 0, 0
 while True:
  begun = time.monotonic()
  try:
   who, arn = whoami()
   log('this is', str(who))
   now = time.time()
   seen = observe(who['appType'], now)
   news = news or is_news(seen, looked)
   looked = seen
   if (news or begun - sent_at >= INTERVAL - SAMPLE / 2) and begun >= retry_at:
    failures += 1
    retry_at = begun + min(SAMPLE * 2 ** failures, 900) * random.uniform(.8, 1.2)
    send(who, arn, seen, now)
    news, sent_at, failures, retry_at = False, begun, 0, 0
    log('EventBridge', 'told')
  except Exception as error:
   wait = max(retry_at - begun, SAMPLE)
   log('EventBridge' if failures else 'agent', '%s: %s; again in %.0f s' % (type(error).__name__, error, wait))
  time.sleep(max(SAMPLE - time.monotonic() + begun, SAMPLE / 10))

if os.fork():
 os._exit(0)
os.setsid()
os.nice(10)
for fd in (0, 1, 2):
 os.dup2(os.open(os.devnull, os.O_RDWR), fd)
lock = open('lock', 'a+')
try:
 fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
 log('agent', 'another is here already')
 sys.exit()
lock.truncate(0)
lock.write(str(os.getpid()))
lock.flush()
main()
PYTHON
{
 # Leaves this script's session; a Python that cannot run it gives way to the next.
 $(command -v setsid) nohup bash -c 'for python in $CURFEW_AGENT_PYTHON /usr/bin/python3 python3 /opt/conda/bin/python3; do
  "$python" -ISB "$0" "$1" && break
 done' "$home/agent.py" "$home" >"$home/start.log" 2>&1 &
}
} </dev/null >/dev/null 2>&1
exit 0
