package text

// The English list is Lucene's. The others are the articles, conjunctions, prepositions,
// pronouns and forms of "be" and "have" that say nothing about a text; short on purpose:
// BM25 weighs the rest down by itself.
const (
	stopEnglish = `a an and are as at be but by for if in into is it no not of on or such that the their
		then there these they this to was will with`
	stopArabic = `من في على إلى الى عن مع هذا هذه ذلك التي الذي الذين و أو او ثم أن ان إن كان كانت هو هي هم ما لا لم لن قد كل بين`
	stopDanish = `og i jeg det at en den til er som på de med han af for ikke der var et har om vi min havde ham
		hun nu over da fra du ud sin dem os op hans hvor eller hvad skal her men`
	stopGerman = `aber als am an auch auf aus bei bin bis das dass dem den der des die du durch ein eine einem
		einen einer eines er es für hat haben ich ihr im in ist mit nach nicht oder sich sie sind so über
		um und uns von vor war wir wird zu zum zur`
	stopSpanish = `a al con como de del el ella en entre es esta este fue ha la las lo los más no o para pero
		por que se sin sobre son su sus un una uno y ya`
	stopFinnish = `ja on ei se että en oli joka ole hän ne mutta kun myös kuin tai jos sen hänen`
	stopFrench  = `à au aux avec ce ces cette dans de des du elle en est et eux il ils je la le les leur lui
		mais ne nous on ou où par pas pour qu que qui sa se ses son sont sur un une vous y`
	stopHungarian = `a az és hogy nem is egy ez de csak meg már ha vagy mint volt van ki el`
	stopItalian   = `a ad al alla alle ai agli che chi con come da dal dalla dei del della delle di e è ed gli
		i il in la le lo ma nel nella non o per più se si sono su sul un una uno`
	stopDutch = `de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om
		hem dan zou of wat mijn men dit zo door over ze zich bij ook tot je mij uit der`
	stopNorwegian = `og i jeg det at en et den til er som på de med han av ikke der så var meg seg men ett
		har om vi min mitt ha hun nå over da ved fra du ut sin dem oss opp eller for`
	stopPortuguese = `a à ao aos as às com como da das de do dos e é ela em entre era esta este eu foi há isso
		mais mas na nas não no nos o os ou para pela pelo por que se sem seu são sua um uma`
	stopRomanian = `a al ale am ar au ca care ce cu da de din după e este fi în la mai nu o pe pentru prin
		sau se si și sunt un una unei unui`
	stopRussian = `и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее
		мне было вот от меня еще нет о из ему для мы их или это быть был`
	stopSwedish = `och det att i en jag hon som han på den med var sig för så till är men ett om hade de av
		icke mig du då sin nu har inte hans honom vid från ut när kan eller`
	stopTurkish = `acaba ama bir bu çok da daha de değil için gibi hem ile ise ki mi mı mu mü ne o ve veya ya`
)
