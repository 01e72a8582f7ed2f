"""What the sample people are called, search for, buy and say. Invented; any likeness is chance."""

KHMER_FAMILY = (
    ("សុខ", "sok"), ("ចាន់", "chan"), ("ហេង", "heng"), ("លី", "ly"), ("គឹម", "kim"), ("ជា", "chea"), ("កែវ", "keo"),
    ("ញឹម", "nhim"), ("ប៊ុន", "bun"), ("មាស", "meas"), ("ទេព", "tep"), ("នួន", "nuon"), ("ប្រាក់", "prak"),
    ("រស់", "ros"), ("សេង", "seng"), ("ឡុង", "long"), ("ឈួន", "chhuon"), ("អ៊ុំ", "um"),
)  # fmt: skip
KHMER_GIVEN = (
    ("ដារ៉ា", "dara"), ("សុភា", "sophea"), ("វិចិត្រ", "vichet"), ("បុប្ផា", "bopha"), ("ចន្ថា", "chantha"),
    ("រតនា", "ratana"), ("សុវណ្ណ", "sovann"), ("សុគន្ធា", "sokunthea"), ("មករា", "makara"), ("វិសាល", "visal"),
    ("ពិសិដ្ឋ", "piseth"), ("ធារី", "theary"), ("ស្រីមុំ", "sreymom"), ("ណារិន", "narin"), ("រស្មី", "rasmey"),
    ("កុសល", "kosal"), ("លីណា", "lina"), ("មុនី", "mony"), ("ភក្តី", "pheakdey"), ("ចិន្តា", "chenda"),
    ("វណ្ណា", "vanna"), ("បូរី", "borey"),
)  # fmt: skip
CHINESE_FAMILY = (
    ("陈", "chen"), ("林", "lin"), ("黄", "huang"), ("张", "zhang"), ("李", "li"), ("王", "wang"), ("吴", "wu"),
    ("刘", "liu"), ("蔡", "cai"), ("杨", "yang"), ("许", "xu"), ("郑", "zheng"), ("谢", "xie"), ("郭", "guo"),
)  # fmt: skip
CHINESE_GIVEN = (
    ("伟", "wei"), ("美玲", "meiling"), ("志强", "zhiqiang"), ("丽华", "lihua"), ("建国", "jianguo"),
    ("晓燕", "xiaoyan"), ("文博", "wenbo"), ("嘉怡", "jiayi"), ("子轩", "zixuan"), ("雨涵", "yuhan"),
    ("秀英", "xiuying"), ("国栋", "guodong"), ("思雨", "siyu"), ("明哲", "mingzhe"),
)  # fmt: skip
LATIN_FAMILY = (
    ("Dupont", "dupont"), ("O'Connor", "oconnor"), ("Nguyễn", "nguyen"), ("García", "garcia"), ("Müller", "mueller"),
    ("Tan", "tan"), ("Santos", "santos"), ("Kowalski", "kowalski"), ("Smith-Jones", "smith-jones"), ("Lê", "le"),
)  # fmt: skip
LATIN_GIVEN = (
    ("Marie", "marie"), ("Zoë", "zoe"), ("José", "jose"), ("Anna", "anna"), ("Liam", "liam"), ("Thảo", "thao"),
    ("Björn", "bjorn"), ("Grace", "grace"), ("Peter", "peter"), ("Aisha", "aisha"),
)  # fmt: skip

SEARCHES = {
    "km": ("ទូរស័ព្ទ", "កង្ហារ", "អាវយឺត", "ស្បែកជើង", "អង្ករផ្កាម្លិះ", "ឆ្នាំងបាយអគ្គិសនី", "ឡេលាបស្បែក", "ក្រមា"),
    "zh": ("手机壳", "电风扇", "运动鞋", "茉莉香米", "电饭煲", "面霜", "儿童书包", "蓝牙耳机"),
    "en": ("phone case", "desk fan", "running shoes", "jasmine rice", "rice cooker", "face cream", "school bag"),
}
PRODUCTS = tuple(f"P-{number:04d}" for number in range(1, 401))
TAGS = ("young_family", "gadgets", "bargain_hunter", "beauty", "sports", "cooking", "night_shopper", "brand_fan")
INTERESTS = ("phones", "kitchen", "fashion", "baby", "books", "garden", "games", "travel")
PURPOSES = ("marketing", "personalised_ads", "location", "sharing_with_affiliates", "sharing_with_partners")
SIGNALS = ("new_device", "many_logins", "card_declined", "address_changed", "velocity")
PROVINCES = ("Phnom Penh", "Siem Reap", "Battambang", "Kampot", "Kandal", "Takeo", "Kampong Cham", "Preah Sihanouk")
STREETS = ("ផ្លូវ ២៧១", "Street 63", "មហាវិថីព្រះមុនីវង្ស", "Street 598", "国道六号 212", "ភូមិត្រពាំងថ្លឹង", "Mao Tse Toung Blvd")

COMPLAINTS = {
    "km": "ទំនិញមិនទាន់មកដល់ សូមជួយពិនិត្យ។",
    "zh": "商品还没有收到、请帮忙查询。",
    "en": "The goods have not arrived, please look into it.",
}
ANSWERS = {
    "km": "យើងខ្ញុំកំពុងពិនិត្យ។ សូមអរគុណ។",
    "zh": "我们正在查询。谢谢。",
    "en": "We are looking into it, thank you.",
}

PHONE_PREFIXES = ("10", "12", "15", "16", "17", "69", "70", "77", "78", "81", "85", "86", "87", "89", "92", "93", "98")
CHINA_PREFIXES = ("138", "139", "150", "158", "186")
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
