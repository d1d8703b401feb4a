/** Presets whose clients need nothing but credentials. The test of the presets compares the names with the files. */
export const SIMPLE_PRESETS = [
  '23andme',
  '42',
  'acclaim',
  'acton',
  'acuityscheduling',
  'admitad',
  'adobe',
  'adobesign',
  'aikido',
  'airtable',
  'alchemer',
  'amazon',
  'anilist',
  'arcgis',
  'asana',
  'assembla',
  'atlassian',
  'authentiq',
  'autodesk',
  'aweber',
  'badgr',
  'baidu',
  'bankidno',
  'basecamp',
  'battlenet',
  'battlenetchina',
  'beatport',
  'bexio',
  'bigcartel',
  'bikeindex',
  'binance',
  'bitbucket',
  'bitly',
  'blackbaud',
  'box',
  'bungie',
  'calendly',
  'campaignmonitor',
  'chatwork',
  'cilogon',
  'classlink',
  'claveunica',
  'clever',
  'clickup',
  'clio',
  'cloudconvert',
  'codeberg',
  'cognitoforms',
  'coinbase',
  'concept2',
  'constantcontact',
  'coursera',
  'crowdin',
  'csdn',
  'dailymotion',
  'dataporten',
  'deezer',
  'delivery',
  'deviantart',
  'dexcom',
  'didit',
  'digitalocean',
  'dingtalk',
  'discogs',
  'discord',
  'disqus',
  'docker',
  'docusign',
  'docusignsandbox',
  'doktornarabote',
  'donationalerts',
  'douban',
  'douyin',
  'doximity',
  'dribbble',
  'drip',
  'dropbox',
  'dwolla',
  'ebay',
  'ebaysandbox',
  'ecwid',
  'eduid',
  'edx',
  'egicheckin',
  'einfracz',
  'eloqua',
  'envato',
  'epicgames',
  'etsy',
  'eventbrite',
  'eveonline',
  'evernote',
  'evernotesandbox',
  'exist',
  'fablabs',
  'facebook',
  'faceit',
  'factset',
  'familysearch',
  'familysearchsandbox',
  'fedora',
  'feedly',
  'feedlysandbox',
  'feishu',
  'figma',
  'fiken',
  'flat',
  'flexmls',
  'flickr',
  'flyio',
  'formstack',
  'foursquare',
  'franceconnect',
  'franceconnectsandbox',
  'freeagent',
  'freelancer',
  'freshbooks',
  'frontier',
  'garmin',
  'genius',
  'getaccept',
  'getbase',
  'getresponse',
  'gettyimages',
  'gitbook',
  'gitee',
  'github',
  'globus',
  'gohighlevel',
  'google',
  'govbr',
  'grafana',
  'groove',
  'gumroad',
  'habrcareer',
  'harid',
  'harvest',
  'headhunter',
  'hellosign',
  'helmholtz',
  'heroku',
  'highspot',
  'hootsuite',
  'huawei',
  'hubspot',
  'huddle',
  'huggingface',
  'humanapi',
  'ibm',
  'iconfinder',
  'idme',
  'idonethis',
  'ifsp',
  'imgur',
  'indeed',
  'influxcloud',
  'infomaniak',
  'infusionsoft',
  'instagram',
  'intercom',
  'ivao',
  'jamendo',
  'joinme',
  'jumpcloud',
  'jumplead',
  'justgiving',
  'kakao',
  'kick',
  'kit',
  'klarna',
  'kook',
  'kroger',
  'kwai',
  'lark',
  'lichess',
  'lifescience',
  'lifx',
  'line',
  'linear',
  'linkedin',
  'linode',
  'livechat',
  'logingov',
  'logingovsandbox',
  'mailchimp',
  'mailru',
  'mailup',
  'mailxpert',
  'makerlog',
  'mediacube',
  'mediamath',
  'meetup',
  'mendeley',
  'mention',
  'mercadolibre',
  'mercadopago',
  'mineid',
  'miro',
  'mixcloud',
  'mixi',
  'mollie',
  'monday',
  'monzo',
  'mural',
  'musicbrainz',
  'myanimelist',
  'myob',
  'naver',
  'netatmo',
  'netease',
  'netid',
  'netlify',
  'neto',
  'nfdi',
  'nimble',
  'nitro',
  'nocks',
  'nokotime',
  'notion',
  'nprone',
  'nuvemshop',
  'odnoklassniki',
  'onlinescoutmanager',
  'onshape',
  'opencaching',
  'openstreetmap',
  'optimizely',
  'orangefrance',
  'orbi',
  'orcid',
  'orcidsandbox',
  'oschina',
  'osu',
  'oura',
  'patreon',
  'paybin',
  'paymill',
  'paypal',
  'paypalsandbox',
  'peeringdb',
  'phantauth',
  'philipshue',
  'pinterest',
  'pipedrive',
  'pixnet',
  'planningcenter',
  'plotly',
  'plurk',
  'podio',
  'polar',
  'polarflow',
  'pr0gramm',
  'procore',
  'producthunt',
  'projectplace',
  'prosanteconnect',
  'pushbullet',
  'pushcut',
  'qiita',
  'qip',
  'qq',
  'questrade',
  'quickbooks',
  'railway',
  'rakuten',
  'ravelry',
  'redbooth',
  'reddit',
  'rekono',
  'replicon',
  'ringcentral',
  'ringcentralsandbox',
  'roblox',
  'runsignup',
  'sage',
  'salesforcesandbox',
  'salesloft',
  'salla',
  'sapoid',
  'scistarter',
  'scoopit',
  'seatalk',
  'seismic',
  'sellsy',
  'sensioconnect',
  'servicechannel',
  'seznam',
  'sharefile',
  'shikimori',
  'shoeboxed',
  'signrequest',
  'simplelogin',
  'sketchfab',
  'slack',
  'slackv2',
  'smartsheet',
  'smsapi',
  'smugmug',
  'snapchat',
  'socialpilot',
  'sosinventory',
  'soundcloud',
  'splitwise',
  'spotify',
  'square',
  'starling',
  'startgg',
  'steady',
  'steein',
  'stocktwits',
  'stormboard',
  'stormz',
  'storyblok',
  'strava',
  'streamelements',
  'streamlabs',
  'stripe',
  'subscribestar',
  'surfconext',
  'surveymonkey',
  'surveysparrow',
  'tallyfy',
  'taobao',
  'tapd',
  'teambition',
  'teamleader',
  'teamweek',
  'thethingsnetwork',
  'thingiverse',
  'threads',
  'ticketbud',
  'tidal',
  'tiktok',
  'tiltify',
  'timelyapp',
  'tink',
  'todoist',
  'toshl',
  'toutiao',
  'toyhouse',
  'trainingpeaks',
  'trainingpeakssandbox',
  'trakt',
  'trello',
  'tripit',
  'trovo',
  'trustpilot',
  'tumblr',
  'tumblr1',
  'twitcasting',
  'twitch',
  'twitter',
  'typeform',
  'typetalk',
  'uaepass',
  'uaepasssandbox',
  'uber',
  'ucl',
  'ucoz',
  'udata',
  'ufs',
  'ufutx',
  'uipath',
  'ultracart',
  'unbounce',
  'universe',
  'unsplash',
  'untappd',
  'upwork',
  'vatsim',
  'vatsimsandbox',
  'vercel',
  'verimi',
  'versionone',
  'verticalresponse',
  'vimeo',
  'vipps',
  'vk',
  'vkid',
  'wahoo',
  'wakatime',
  'wave',
  'webex',
  'webflow',
  'wechat',
  'wechatmp',
  'weekdone',
  'weibo',
  'wepay',
  'wikimedia',
  'wikimedia1',
  'withings',
  'wlcg',
  'wordpress',
  'workos',
  'workosauthkit',
  'worldid',
  'x',
  'xero',
  'xiaomi',
  'xing',
  'xrel',
  'xumm',
  'yahoo',
  'yandex',
  'yiban',
  'ynab',
  'youtube',
  'zalo',
  'zettle',
  'zoom',
  'zotero',
] as const;

/** The names of the presets. */
export type PresetName =
  | (typeof SIMPLE_PRESETS)[number]
  | 'adfs'
  | 'agave'
  | 'aha'
  | 'amocrm'
  | 'apple'
  | 'asgardeo'
  | 'auth0'
  | 'authelia'
  | 'authentik'
  | 'authing'
  | 'axosoft'
  | 'azureadb2c'
  | 'beyondidentity'
  | 'bitbucketserver'
  | 'bitrix24'
  | 'blackboard'
  | 'boxyhq'
  | 'cas'
  | 'clerk'
  | 'cloudfoundry'
  | 'clover'
  | 'coding'
  | 'cognito'
  | 'concur'
  | 'coupa'
  | 'crossid'
  | 'deputy'
  | 'descope'
  | 'duo'
  | 'egnyte'
  | 'exactonline'
  | 'exment'
  | 'fence'
  | 'fiware'
  | 'frappe'
  | 'frontegg'
  | 'fusionauth'
  | 'gitea'
  | 'githubenterprise'
  | 'gitlab'
  | 'hiorgserver'
  | 'identityserver'
  | 'instructure'
  | 'jira'
  | 'jupyterhub'
  | 'kanidm'
  | 'keycloak'
  | 'kinde'
  | 'kommo'
  | 'laravelpassport'
  | 'lemonldap'
  | 'logto'
  | 'magento'
  | 'mailcow'
  | 'mastodon'
  | 'mattermost'
  | 'mediawiki'
  | 'microsoft'
  | 'moodle'
  | 'nationbuilder'
  | 'netiq'
  | 'netsuite'
  | 'nextcloud'
  | 'nuxeo'
  | 'nylas'
  | 'okta'
  | 'onelogin'
  | 'openshift'
  | 'oryhydra'
  | 'osso'
  | 'passage'
  | 'paymenter'
  | 'phabricator'
  | 'pingfederate'
  | 'pingone'
  | 'pocketid'
  | 'propelauth'
  | 'redmine'
  | 'riotgames'
  | 'salesforce'
  | 'servicenow'
  | 'shopify'
  | 'snowflake'
  | 'socrata'
  | 'stackexchange'
  | 'superoffice'
  | 'synology'
  | 'tailscale'
  | 'uffd'
  | 'unitedeffects'
  | 'uservoice'
  | 'usos'
  | 'vault'
  | 'vend'
  | 'whmcs'
  | 'wrike'
  | 'xsuaa'
  | 'zendesk'
  | 'zitadel'
  | 'zoho';

/** The names of the variables of the presets. */
export type PresetVariableName =
  | 'account_id'
  | 'api_domain'
  | 'authorization_server'
  | 'base_url'
  | 'domain'
  | 'domain_prefix'
  | 'environment'
  | 'environment_id'
  | 'instance'
  | 'issuer'
  | 'key'
  | 'policy'
  | 'project_id'
  | 'realm'
  | 'region'
  | 'shop'
  | 'site'
  | 'slug'
  | 'subdomain'
  | 'tenant'
  | 'tld'
  | 'user_pool_id'
  | 'version';
