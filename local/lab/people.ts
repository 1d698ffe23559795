import type { Habit } from './habits.ts';
import {
  canvas,
  classicServer,
  editor,
  exercise,
  forgotten,
  kernel,
  nightShift,
  notebook,
  openTab,
  overnight,
  secondMachine,
  WEEKDAYS,
} from './habits.ts';

/** Somebody of the lab. */
export interface Person {
  name: string;
  /** The user profile. */
  profile: string;
  domainId: string;
  /** The SSO user name, which is their address. */
  sso: string;
  habits: Habit[];
  /** How likely they stop their app themselves after a warning. */
  heeds: number;
  /** How likely the admins exempt their app after a warning. */
  pleads: number;
  /** How likely they come back to their app after a warning, and use it. */
  returns: number;
  /** Starts what was stopped again within minutes. */
  stubborn: boolean;
}

export const DOMAINS = [
  { domainId: 'd-vision7k2q9x', name: 'vision-lab' },
  { domainId: 'd-course4m8t1z', name: 'nlp-course' },
  { domainId: 'd-genome3h6w5r', name: 'genomics' },
];
const [VISION, COURSE, GENOMICS] = DOMAINS.map(({ domainId }) => domainId) as [string, string, string];

type Ways = Partial<Pick<Person, 'heeds' | 'pleads' | 'returns' | 'stubborn'>> & { sso?: string };

function person(domainId: string, name: string, profile: string, habits: Habit[], ways: Ways = {}): Person {
  const { sso = `${profile.replaceAll('-', '.')}@example.org`, ...rest } = ways;
  return { domainId, name, profile, sso, habits, heeds: 0.2, pleads: 0, returns: 0.15, stubborn: false, ...rest };
}

/** Those of whom stories.ts tells: what Curfew does to them, no chance of theirs undoes. */
const UNMOVED = { heeds: 0, pleads: 0, returns: 0 };

/** The lab's people. Two spaces are shared, and one has no owner: spaces.ts says which. */
export const PEOPLE: Person[] = [
  person(VISION, "Niamh O'Neill", 'niamh-oneill', [notebook('niamh-lab', 'ml.t3.large', 0.2)], {
    sso: "n.o'neill@example.org",
  }),
  person(
    VISION,
    'Zoë Çelik',
    'zoe-celik',
    // The second is one GPU too many, while the first runs.
    [notebook('zoe-lab', 'ml.g5.xlarge', 0.35), secondMachine('zoe-sweep', 'ml.g4dn.xlarge')],
    { sso: 'zoë.çelik@example.org' },
  ),
  person(VISION, 'Ivo Marek', 'ivo-marek', [forgotten(notebook('ivo-detector', 'ml.g5.12xlarge', 1), 0)], { heeds: 0 }),
  person(
    VISION,
    'Anjali Rao',
    'anjali-rao',
    [
      forgotten(
        notebook('anjali-train', 'ml.g5.2xlarge', 1, { tags: { curfew: 'training' }, trains: 60, starts: [10, 11] }),
        1,
      ),
      editor('anjali-code', 'ml.m5.large', 0.1),
    ],
    { heeds: 0 },
  ),
  person(VISION, 'Tomás Ibáñez', 'tomas-ibanez', [editor('tomas-code', 'ml.g4dn.xlarge', 0.4)], {
    sso: 'tomas.ibanez@example.org',
  }),
  person(VISION, 'Wei Zhang', 'wei-zhang', [notebook('wei-lab', 'ml.g6.2xlarge', 0.25)], { pleads: 0.6 }),
  person(VISION, 'Oluwaseun Adé', 'seun-ade', [overnight('seun-lab', 'ml.g5.xlarge')], {
    sso: 'seun+studio@example.org',
    ...UNMOVED,
  }),
  person(
    VISION,
    'Kaito Mori',
    'kaito-mori',
    [forgotten(notebook('kaito-lab', 'ml.g6.4xlarge', 1, { agent: 'none' }), 2)],
    {
      stubborn: true,
      heeds: 0,
    },
  ),
  person(VISION, 'Priya Nair', 'priya-nair', [
    // The same app, started twice a day: AWS may call the second start an update of the first.
    notebook('priya-lab', 'ml.m5.2xlarge', 0, {
      comes: 1,
      starts: [8, 8.7],
      ends: [11.8, 12.2],
      keepsCreationTime: true,
    }),
    notebook('priya-lab', 'ml.m5.2xlarge', 0.15, {
      comes: 1,
      starts: [13, 13.6],
      ends: [17, 19],
      keepsCreationTime: true,
    }),
  ]),
  person(
    VISION,
    'Lukas Brandt',
    'lukas-brandt',
    [notebook('lukas-lab', 'ml.g6e.12xlarge', 1, { comes: 1, weekdays: [1, 3], agent: 3, forgetsFor: [2, 2] })],
    UNMOVED,
  ),
  person(VISION, 'Fatima El-Sayed', 'fatima-el-sayed', [notebook('vision-team', 'ml.m5.xlarge', 0.5, { comes: 0.6 })]),
  person(
    VISION,
    'Jonas Weiß',
    'jonas-weiss',
    [
      notebook('jonas-demo', 'ml.g5.xlarge', 1, {
        tags: { curfew: 'exempt' },
        runsSince: 200,
        agent: 'none',
        comes: 0,
        forgetsFor: [99, 99],
      }),
    ],
    { sso: 'jonas.weiss@example.org' },
  ),
  person(VISION, 'Mia Rossi', 'mia-rossi', [
    editor('mia-code', 'ml.t3.xlarge', 0.3),
    notebook('mia-lab', 'ml.c5.2xlarge', 0.3, { comes: 0.5 }),
  ]),
  person(VISION, 'Ravi Shah', 'ravi-shah', [notebook('ravi-lab', 'ml.p5.48xlarge', 0, { refused: true, comes: 0.5 })]),

  person(COURSE, 'Prof. Ada Weiss', 'ada-weiss', [editor('ada-code', 'ml.m5.large', 0.2), canvas(0.3)], {
    sso: 'prof.weiss@example.org',
  }),
  person(COURSE, 'Sinéad Ó Briain', 'sinead-obriain', [exercise('sinead-ex', 3)], {
    sso: "sinead.o'briain@example.org",
  }),
  person(COURSE, 'Ben Carter', 'ben-carter', [exercise('ben-ex', 3)]),
  person(COURSE, 'Chloé Dubois', 'chloe-dubois', [exercise('chloe-ex', 3)], { sso: 'chloe.dubois+nlp@example.org' }),
  person(COURSE, 'Dmitri Volkov', 'dmitri-volkov', [exercise('dmitri-ex', 3)]),
  person(COURSE, 'Emma Lindström', 'emma-lindstrom', [exercise('emma-ex', 3)], { sso: 'emma.lindstrom@example.org' }),
  person(COURSE, 'Felipe Souza', 'felipe-souza', [exercise('felipe-ex', 2)]),
  person(COURSE, "Grace D'Angelo", 'grace-dangelo', [exercise('grace-ex', 2)], { sso: "grace.d'angelo@example.org" }),
  person(COURSE, 'Hana Kovač', 'hana-kovac', [exercise('hana-ex', 2)], { sso: 'hana.kovac@example.org' }),
  person(COURSE, 'Ismail Yılmaz', 'ismail-yilmaz', [exercise('ismail-ex', 2)], { sso: 'ismail.yilmaz@example.org' }),
  person(COURSE, 'Julia Nowak', 'julia-nowak', [
    exercise('julia-ex', 2),
    notebook('julia-thesis', 'ml.m5.xlarge', 0.4),
  ]),
  person(COURSE, 'Kwame Mensah', 'kwame-mensah', [exercise('kwame-ex', 4)]),
  person(COURSE, 'Linh Trần', 'linh-tran', [exercise('linh-ex', 4)], { sso: 'linh.tran@example.org' }),
  person(COURSE, 'Guest', 'visitor-2', [
    notebook('guest-book', 'ml.t3.medium', 0.6, { comes: 0.3, forgetsFor: [6, 9], agent: 'none' }),
  ]),

  person(GENOMICS, 'Maria Papadopoulou', 'maria-papadopoulou', [
    classicServer(),
    kernel('datascience', 'ml.m5.4xlarge', 0.3),
    kernel('pytorch', 'ml.m5.4xlarge', 0.3, { comes: 0.5 }),
  ]),
  person(GENOMICS, 'Noah Fischer', 'noah-fischer', [classicServer(), kernel('datascience', 'ml.t3.xlarge', 0.4)]),
  person(GENOMICS, 'Olga Petrova', 'olga-petrova', [classicServer(), kernel('r-kernel', 'ml.r5.4xlarge', 0.35)]),
  person(GENOMICS, 'Pádraig Ryan', 'padraig-ryan', [classicServer(), canvas(0.6)], { sso: 'padraig@example.org' }),
  person(
    GENOMICS,
    'Qiang Liu',
    'qiang-liu',
    [notebook('qiang-align', 'ml.r6i.8xlarge', 1, { comes: 1, weekdays: [1, 4], agent: 'none', forgetsFor: [2, 2] })],
    UNMOVED,
  ),
  person(
    GENOMICS,
    'Rosa Jiménez',
    'rosa-jimenez',
    [openTab('rosa-lab', 'ml.m5.large'), editor('rosa-code', 'ml.t3.medium', 0.3)],
    { sso: 'rosa.jimenez@example.org', ...UNMOVED },
  ),
  person(GENOMICS, 'Søren Holm', 'soren-holm', [nightShift('soren-lab', 'ml.c5.xlarge')], {
    sso: 'søren.holm@example.org',
  }),
  person(GENOMICS, 'Tess Murphy', 'tess-murphy', [notebook('core-facility', 'ml.r5.4xlarge', 0.5, { comes: 0.6 })]),
  person(GENOMICS, 'Umar Khan', 'umar-khan', [editor('umar-code', 'ml.m6i.4xlarge', 0.25)], { pleads: 0.4 }),
  person(
    GENOMICS,
    'Vera Sokolova',
    'vera-sokolova',
    [forgotten(notebook('vera-assembly', 'ml.r7i.4xlarge', 1, { tags: { curfew: 'training' }, trains: 200 }), 0)],
    { heeds: 0 },
  ),
  person(GENOMICS, 'Will Anders', 'will-anders', [
    notebook('old-pipeline', 'ml.m5.xlarge', 1, { runsSince: 60, comes: 0, forgetsFor: [99, 99], agent: 'none' }),
  ]),
  person(GENOMICS, 'Yuki Tanaka', 'yuki-tanaka', [notebook('yuki-lab', 'ml.g4dn.2xlarge', 0.3), canvas(0.2)], {
    sso: 'yuki+bio@example.org',
  }),
  person(GENOMICS, 'Xavier Le Goff', 'xavier-le-goff', [
    notebook('xavier-lab', 'ml.t3.2xlarge', 0.2, { weekdays: [...WEEKDAYS, 6] }),
  ]),
];
