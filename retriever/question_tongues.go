package retriever

// Languages told apart by their words; English first, which wins a tie.
var latin = []*tongue{english, german, french, spanish, italian, portuguese, dutch}

// unknownTongue is every other language: a question leans on earlier turns when it is very
// short, and what counts there are the longer words.
var unknownTongue = tongue{}.with()

var german = tongue{}.with(
	wordList{class: function, words: `der die das den dem des ein eine einen einem einer eines und oder aber auch noch nur so sehr mehr viel viele
			ist sind war waren wird werden wurde wurden bin bist sein haben hat hatte habe kann können könnte muss müssen soll sollen darf
			ich du wir mich mir uns dich dir man mein meine meinen meinem meiner unser unsere dein es Sie sich
			in im an am auf aus bei mit nach von vom zu zum zur für über unter um durch gegen ohne bis seit während zwischen als wie wenn weil dass ob
			was wer wen wem wo wann warum wieso weshalb welche welcher welches welchen welchem wieviel wie nicht kein keine
			gibt geben sag sage erzähl erkläre erklären beschreibe zeige bitte danke ja nein gut okay denn doch mal eigentlich etwa alle jeder`},
	wordList{kind: thing, words: `er ihn ihm sie ihr ihnen davon dafür damit dazu darüber daran darin dabei dagegen danach daraus darauf dies dieses`},
	wordList{class: possessive, kind: thing, words: `ihre ihren ihrem ihrer ihres seine seinen seinem seiner seines dessen`},
	wordList{class: determiner, kind: thing, words: `diese dieser diesen diesem jene jener jenes`},
	wordList{class: article, words: `der die das den dem ein eine einen einem einer`},
	wordList{class: opener, words: `und oder aber auch sonst`},
	wordList{class: introducer, words: `ist sind war über beschreibe erkläre`},
	wordList{class: leadIn, words: `was wer mir mehr`},
	wordList{class: light, words: `wichtig wichtigste wichtigsten häufig häufigsten lange kosten kostet funktioniert unterschied beispiel beispiele
			arten gründe ursachen folgen vorteile nachteile symptome bedeutung geschichte`},
)

var french = tongue{names: true}.with(
	wordList{class: function, words: `est-ce qu'est-ce le la les un une des du de d l au aux à et ou mais ni or donc car que qu qui quoi dont où ce c cet cette ces s se n ne pas
			plus très aussi est sont était étaient être suis es sera seront ont a ai as avait avoir peut peuvent pouvez doit faut fait faire
			je j tu nous vous me m te t on mon ma mes notre nos votre vos ton ta tes
			dans en sur sous avec sans pour par entre chez vers depuis pendant avant après contre
			quel quelle quels quelles comment pourquoi quand combien y parlez parle moi dis dites explique expliquez merci oui non bien`},
	wordList{kind: thing, words: `il elle ils elles lui eux celui celle ceux celles ça cela ceci`},
	wordList{class: possessive, kind: thing, words: `son sa ses leur leurs`},
	wordList{class: determiner, words: `cet cette ces`},
	wordList{class: article, words: `le la les l un une`},
	wordList{class: join, words: `de du des d`},
	wordList{class: opener, words: `et ou mais aussi sinon`},
	wordList{class: introducer, words: `que qu est sont de du des d explique`},
	wordList{class: leadIn, words: `ce est-ce qui quel quelle quels quelles parle parlez moi plus`},
	wordList{class: light, words: `temps dure durent principaux principales important importante causes effets symptômes types sortes exemples exemple différence raisons
			avantages inconvénients histoire coûte coût`},
)

var spanish = tongue{names: true}.with(
	wordList{class: function, words: `el la los las un una unos unas lo al del de y e o u pero ni que qué quién quiénes cuál cuáles cómo cuándo dónde cuánto cuánta
			cuántos cuántas por para con sin sobre entre desde hasta en a ante tras durante contra es son era eran fue fueron ser está están
			ha han he hay había tiene tienen tengo puede pueden puedo debe hace hacer se me te nos mi mis tu tus nuestro nuestra
			yo tú nosotros usted ustedes no sí muy más menos también tan como si porque cuando
			dime cuéntame háblame explica explícame describe gracias favor bien`},
	wordList{kind: thing, words: `él ella ello ellos ellas esto eso aquello`},
	wordList{class: possessive, kind: thing, words: `su sus suyo suya suyos suyas`},
	wordList{class: determiner, kind: thing, words: `este esta estos estas ese esa esos esas`},
	wordList{class: article, words: `el la los las un una`},
	wordList{class: join, words: `de del`},
	wordList{class: opener, words: `y e o pero también`},
	wordList{class: introducer, words: `es son fue fueron era de sobre explica describe`},
	wordList{class: leadIn, words: `qué quién quiénes cuál cuáles háblame cuéntame dime más`},
	wordList{class: light, words: `principal principales importante importantes causas efectos síntomas tipos ejemplos ejemplo diferencia razones ventajas
			desventajas historia cuesta cuestan coste`},
)

var italian = tongue{names: true}.with(
	wordList{class: function, words: `il lo la i gli le l un uno una di del dello della dei degli delle d e ed o ma a al allo alla ai agli alle da dal dalla dai in
			nel nella nei nelle con su sul sulla per tra fra che chi cosa cos quale quali come dove quando perché quanto quanta quanti quante
			è sono era erano essere ha hanno ho hai può possono deve si mi ti ci vi non sì no più molto anche io tu noi voi mio mia
			parlami dimmi spiega descrivi grazie prego bene`},
	wordList{kind: thing, words: `lui lei loro esso essa essi esse ciò egli ella`},
	wordList{class: possessive, kind: thing, words: `suo sua suoi sue`},
	wordList{class: determiner, kind: thing, words: `questo questa questi queste quello quella quelli quelle`},
	wordList{class: article, words: `il lo la i gli le l un una`},
	wordList{class: join, words: `di del della dei`},
	wordList{class: opener, words: `e ed o ma anche`},
	wordList{class: introducer, words: `è sono era di del della spiega descrivi`},
	wordList{class: leadIn, words: `cosa cos chi quale quali parlami dimmi più`},
)

var portuguese = tongue{names: true}.with(
	wordList{class: function, words: `o a os as um uma uns umas de do da dos das e ou mas que quem qual quais como onde quando porque por para com sem sobre entre
			até desde em no na nos nas num numa ao à aos às é são era eram foi foram ser está estão há tem têm tenho pode podem posso deve se me te
			eu tu nós você vocês meu minha não sim mais muito também quanto quanta quantos quantas fale conte explique descreva obrigado obrigada bem`},
	wordList{kind: thing, words: `ele ela eles elas dele dela deles delas isso isto aquilo nele nela disso`},
	wordList{class: possessive, kind: thing, words: `seu sua seus suas`},
	wordList{class: determiner, kind: thing, words: `este esta estes estas esse essa esses essas`},
	wordList{class: article, words: `o a os as um uma`},
	wordList{class: join, words: `de do da dos das`},
	wordList{class: opener, words: `e ou mas também`},
	wordList{class: introducer, words: `é são foi foram era de do da sobre explique descreva`},
	wordList{class: leadIn, words: `que quem qual quais fale conte mais`},
)

var dutch = tongue{names: true}.with(
	wordList{class: function, words: `de het een en of maar ook nog zo zeer meer veel is zijn was waren wordt worden werd ben bent heeft hebben heb had kan kunnen moet
			moeten mag zal zou ik jij je u wij we me mij ons mijn onze jouw uw in op aan bij met van voor naar uit over onder om door tegen zonder tot
			sinds tussen als dan omdat dat die wat wie waar wanneer waarom welke welk hoe hoeveel niet geen er te ja nee goed
			vertel leg beschrijf geef bedankt dank`},
	wordList{kind: thing, words: `hij hem zij ze haar hen hun ervan ermee ervoor eraan erover daarvan daarvoor daarmee daarover dit`},
	wordList{class: determiner, kind: thing, words: `deze`},
	wordList{class: article, words: `de het een`},
	wordList{class: opener, words: `en of maar ook`},
	wordList{class: introducer, words: `is zijn was waren over beschrijf`},
	wordList{class: leadIn, words: `wat wie mij me meer`},
)

var russian = tongue{names: true}.with(
	wordList{class: function, words: `и в во на с со к ко по о об от из за у до для без при про через между под над не ни а но или да нет же бы ли то что кто где
			когда как почему зачем какой какая какое какие каких каким сколько каков какова каковы чем чего кому кого мой моя мои наш ваш я ты мы вы мне меня нам вас
			быть был была было были есть будет можно нужно надо может могут очень более ещё еще также тоже только уже если чтобы
			расскажи расскажите объясни опиши покажи спасибо пожалуйста хорошо`},
	wordList{kind: thing, words: `он она оно они ему им ей ними ним неё нее нём нем них`},
	wordList{class: possessive, kind: thing, words: `его её ее их`},
	wordList{class: determiner, kind: thing, words: `это этот эта эти этого этой этом этих тот той тех`},
	wordList{class: opener, words: `и а но или также`},
	wordList{class: introducer, words: `такое такой такая такие о об про это опиши объясни`},
	wordList{class: leadIn, words: `что кто расскажи расскажите`},
	wordList{class: function, words: `такое такой такая такие`},
)

var arabicTongue = tongue{}.with(
	wordList{class: function, words: `في من على إلى الى عن مع و أو او ثم أن ان إن كان كانت يكون تكون ما ماذا متى أين اين كيف كم هل لماذا أي اي من لمن بماذا فيم
			التي الذي الذين لا لم لن قد كل بعض بين بعد قبل عند حتى إذا اذا أنا انا نحن أنت انت لي لنا هناك
			أخبرني اخبرني اشرح صف أعطني شكرا نعم يوجد توجد يمكن يجب وما وماذا وكم وكيف ومتى وأين ولماذا وهل ومن`},
	wordList{kind: thing, words: `هو هي هم هما هن له لها لهم منه منها منهم عنه عنها عنهم فيه فيها به بها عليه عليها إليه إليها ذلك تلك`},
	wordList{class: determiner, kind: thing, words: `هذا هذه هؤلاء`},
	wordList{class: opener, words: `و أو ثم وما وماذا وكم وكيف ومتى وأين ولماذا وهل ومن`},
	wordList{class: introducer, words: `هو هي عن اشرح صف`},
	wordList{class: leadIn, words: `ما من أخبرني اخبرني`},
)

var chinese = tongue{substitutes: true, unspaced: true}.with(
	wordList{class: function, words: `的 了 吗 呢 吧 啊 是 有 有哪些 有什么 有没有 是什么 什么是 是谁 谁是 什么 什么时候 什么意思 怎么 怎么样 怎样 如何 为什么 为何 哪些 哪个 哪里 哪儿 谁 几 多少 多久 多长时间
			请 请问 介绍 介绍一下 解释 解释一下 告诉我 说说 讲讲 描述 一下 我 我们 你 你们 您 咱们 和 与 以及 或 或者 还是 还有 还 也 都 就 才 又 很 最 更 非常 比较
			在 从 到 对 把 被 给 向 跟 关于 对于 因为 所以 如果 但是 可是 不过 那么 然后 可以 能不能 可不可以 应该 需要 会不会 是不是 想知道 知道 不 没有 吗 嘛 呀 之 其他 另外 一个 一些 这样 那样 进行 天 次 个`},
	wordList{kind: thing, words: `它 它们 其 此 这 这个 那个 这些 那些`},
	wordList{kind: person, words: `他 她 他们 她们`},
	wordList{class: opener, words: `那 那么 还有 而 但是 可是 那呢`},
	wordList{class: introducer, words: `什么是 谁是 介绍 介绍一下 解释 解释一下 说说 讲讲 描述 关于`},
	wordList{class: leadIn, words: `请 请问 一下 我 我们 告诉我`},
	wordList{class: reversed, words: `是什么 是谁 什么意思 是 吗`},
	wordList{class: light, words: `主要 重要 常见 症状 原因 种类 类型 作用 影响 优点 缺点 好处 坏处 区别 例子 历史 费用 价格 意义 方法`},
)

var japanese = tongue{unspaced: true}.with(
	wordList{class: function, words: `は が を に の と も で か や へ から まで より です ます ですか ますか とは って について 何 誰 どこ いつ なぜ どう どのように どんな どの どれ いくら いくつ
			教えて 教えてください ください して してください という ある あります いる います する します した ました`},
	wordList{kind: thing, words: `それ それら これ これら あれ`},
	wordList{kind: person, words: `彼 彼女 彼ら`},
	wordList{class: determiner, words: `その この あの`},
	wordList{class: opener, words: `では じゃあ それでは また`},
	wordList{class: reversed, words: `とは って について 何 誰 は です ですか か 教えて 教えてください ください`},
)

// smallTalk are the words that greetings, thanks and assent consist of, in every language.
const smallTalk = `hi hello hey howdy there thanks thank thx ty you so very much many a lot ok okay k great cool nice good perfect awesome bye goodbye
	please yes yep yeah no nope sure welcome cheers morning evening afternoon night day got it understood wow
	hallo guten morgen tag abend danke vielen dank schön schoen sehr gut alles klar prima super tschüss tschüs servus moin ja nein bitte
	bonjour bonsoir salut merci beaucoup bien parfait d'accord accord d au revoir oui non
	hola buenos buenas días dias tardes noches gracias muchas vale perfecto adiós adios sí si genial claro
	ciao buongiorno buonasera grazie mille perfetto va bene arrivederci prego
	olá ola oi bom dia boa tarde noite obrigado obrigada muito perfeito tchau
	hoi goedemorgen goedendag bedankt dank je wel hartelijk prima dag
	привет здравствуйте здравствуй спасибо большое добрый день утро вечер хорошо ок отлично пока понятно да нет
	مرحبا أهلا اهلا السلام عليكم وعليكم شكرا شكراً جزيلا لك صباح مساء الخير حسنا تمام نعم لا مع السلامة
	你好 您好 嗨 谢谢 谢谢你 谢谢您 多谢 感谢 好 好的 好吧 行 可以 嗯 明白 明白了 知道了 再见 早上好 晚上好 下午好 太好了 是的 不用 了
	こんにちは こんばんは おはよう おはようございます ありがとう ありがとうございます どうも はい いいえ 了解 わかりました さようなら
	안녕하세요 안녕 감사합니다 고마워요 고맙습니다 네 아니요 좋아요 merhaba selam teşekkürler teşekkür ederim tamam cześć dziękuję tak xin chào cảm ơn
	नमस्ते धन्यवाद ठीक है สวัสดี ขอบคุณ hej tack tak`
