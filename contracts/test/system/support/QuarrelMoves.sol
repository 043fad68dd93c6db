// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccusationId,
    AccusationState,
    LeafWords,
    LeftNeighbour,
    Turn
} from "../../../src/disputes/IAdjudicator.sol";
import {Disproof, HeaderPlace, OpenedRow, RowWords} from "../../../src/disputes/IQuestions.sol";
import {IPanel} from "../../../src/disputes/IPanel.sol";
import {PartFacts} from "../../../src/interfaces/BlockTypes.sol";
import {BlockResult, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {RecordPlace} from "../../../src/lib/RecordProof.sol";
import {QuarrelResults} from "./QuarrelResults.sol";
import {ToldTree} from "./ToldTree.sol";

/// Moves that anybody who holds the data can make, whoever it is; each says whether it was taken.
abstract contract QuarrelMoves is QuarrelResults {
    uint8 internal constant SLOTS = 32;
    /// Result and slot of each accusation that was ever made.
    uint8[2][] internal accused;
    /// Of a good part: its panels say that it was not served. Of others they say what is true.
    mapping(uint256 part => bool) public isPanelLying;
    /// The block was over before its panel had decided.
    mapping(uint256 part => bool) internal isReleased;

    // ── results ──

    function reveal(uint256 who, bytes32 hash) internal returns (bool isTaken) {
        Told memory told = toldOf[hash];
        vm.prank(account(who));
        try blocks.revealOwnResult(id, N, told.claim, told.opening) {
            did("own result");
            return true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    /// By the participant, or by its seat's validator.
    function accuse(uint8 result, bytes32 hash, uint8 who, bool isValidator)
        internal
        returns (bool isTaken)
    {
        BlockResult memory claim = toldOf[hash].claim;
        vm.prank(isValidator ? validator(who) : account(who));
        try adjudicator.accuse(id, N, result, claim, who) returns (uint8 slot) {
            keepAccusation(result, slot);
            did("accusation");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    // ── accusations ──

    /// One that was given back can be made again.
    function keepAccusation(uint8 result, uint8 slot) private {
        for (uint256 k = 0; k < accused.length; k++) {
            if (accused[k][0] == result && accused[k][1] == slot) return;
        }
        accused.push([result, slot]);
    }

    function caseOf(uint8 result, uint8 slot)
        internal
        view
        returns (AccusationId memory one, AccusationState memory state)
    {
        one = AccusationId(id, N, result, slot);
        state = adjudicator.accusation(one);
    }

    function isOpen(AccusationState memory state) internal pure returns (bool) {
        return state.turn != Turn.None && state.turn != Turn.Over;
    }

    /// Opens what the accusation asks to be opened, or shows the doubted record; by a stranger.
    function answer(AccusationId memory one, AccusationState memory state, bytes32 hash)
        internal
        returns (bool)
    {
        if (!toldOf[hash].hasTree || block.timestamp >= state.deadline) return false;
        ToldTree.Leaf[] memory leaves = leavesIn(hash);
        if (leaves.length == 0) return false;
        if (state.turn == Turn.Placing) return place(one, state, leaves);
        if (state.turn != Turn.Opening) return false;
        if (state.level > 0) return openNode(one, ToldTree.openingOf(ToldTree.levelsOf(leaves)));
        return openLeaf(one, leaves, state.index);
    }

    function openNode(AccusationId memory one, bytes memory entries) private returns (bool isTaken) {
        vm.prank(STRANGER);
        try adjudicator.openNode(one, entries) {
            did("opening");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function openLeaf(AccusationId memory one, ToldTree.Leaf[] memory leaves, uint256 index)
        private
        returns (bool isTaken)
    {
        LeftNeighbour memory left;
        if (index > 0) {
            ToldTree.Leaf memory other = leaves[index - 1];
            left = LeftNeighbour({
                impressionKey: other.key,
                kept: ToldTree.keptIn(other),
                recordsRoot: ToldTree.recordsRootOf(other),
                amountsDigest: other.amounts,
                path: ToldTree.pathOf(ToldTree.levelsOf(leaves), index - 1)
            });
        }
        vm.prank(STRANGER);
        try adjudicator.openLeaf(one, leaves[index].records, left) {
            did("leaf");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function wordsOf(ToldTree.Leaf[] memory leaves, uint256 index)
        internal
        pure
        returns (LeafWords memory)
    {
        return LeafWords(leaves[index].records, index == 0 ? bytes16(0) : leaves[index - 1].key);
    }

    function place(AccusationId memory one, AccusationState memory state, ToldTree.Leaf[] memory leaves)
        private
        returns (bool isTaken)
    {
        bytes memory record = ToldTree.recordIn(leaves[state.index].records, state.doubted);
        (RecordPlace memory found, uint8 owner, bool isFound) = placeIn(goodParts(), record);
        if (!isFound) return false;
        PartFacts memory facts = factsFor(owner);
        LeafWords memory words = wordsOf(leaves, state.index);
        vm.prank(STRANGER);
        try adjudicator.placeRecord(one, words, found, owner, facts) {
            did("placing");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function name(AccusationId memory one, address sender, ToldTree.Leaf[] memory leaves, uint256 index)
        internal
        returns (bool isTaken)
    {
        ToldTree.Node[][] memory levels = ToldTree.levelsOf(leaves);
        bytes32[] memory path = ToldTree.pathOf(levels, index);
        vm.prank(sender);
        try adjudicator.nameEntry(one, uint40(index), levels[0][index].hash, path) {
            did("naming");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    /// At the leaf `index`, or of a tree without leaves.
    function show(
        AccusationId memory one,
        address sender,
        ToldTree.Leaf[] memory leaves,
        uint256 index,
        bytes memory record
    ) internal returns (bool isTaken) {
        (RecordPlace memory found, uint8 owner, bool isFound) = placeIn(goodParts(), record);
        if (!isFound) return false;
        LeafWords memory words;
        if (index < leaves.length) words = wordsOf(leaves, index);
        PartFacts memory facts = factsFor(owner);
        vm.prank(sender);
        try adjudicator.showOmitted(one, words, found, owner, facts) {
            did("omitted");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function doubt(AccusationId memory one, address sender, uint8 record) internal returns (bool isTaken) {
        vm.prank(sender);
        try adjudicator.doubtRecord(one, record) {
            did("doubt");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    /// Its time is over, or its result is gone.
    function endAccusation(AccusationId memory one, bool isGone) internal returns (bool) {
        bytes memory call = isGone
            ? abi.encodeCall(adjudicator.release, (one))
            : abi.encodeCall(adjudicator.timeOut, (one));
        (bool isDone, bytes memory why) = address(adjudicator).call(call);
        if (!isDone) allow(why);
        else did(isGone ? "release" : "time out");
        return isDone;
    }

    // ── parts ──

    function askRow(uint256 who, uint8 part, uint32 row) internal returns (bool isTaken) {
        PartFacts memory facts = factsFor(part);
        vm.prank(account(who));
        try questions.askRow(id, N, part, facts, row) {
            did("row asked");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function publish(uint8 part, uint32 row) internal returns (bool isTaken) {
        if (faultOf[part] == Fault.Withheld) return false;
        PartFacts memory facts = factsFor(part);
        OpenedRow memory opened = openedRow(partFor(part), row);
        vm.prank(STRANGER);
        try questions.publish(id, N, part, facts, opened) {
            did("published");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function disprove(uint8 part) internal returns (bool isTaken) {
        Disproof memory disproof = disproofOf(part);
        vm.prank(account(HONEST));
        try questions.disproveText(id, N, part, ROW, disproof) {
            did("disproved");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function proveDisorder(uint256 who, uint8 part) internal returns (bool isTaken) {
        (HeaderPlace memory one, HeaderPlace memory other) = headersOf(part);
        PartFacts memory facts = factsFor(part);
        vm.prank(account(who));
        try questions.proveDisorder(id, N, part, facts, one, other) {
            did("disorder");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function rowNow(uint8 part, uint32 row) internal view returns (RowWords memory) {
        return questions.rowOf(id, N, part, row);
    }

    function concludeRow(uint8 part, uint8 who) internal returns (bool isTaken) {
        try questions.conclude(id, N, part, who) {
            did("row over");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    // ── panels ──

    function askPanel(uint256 who, uint8 part) internal returns (bool isTaken) {
        vm.prank(account(who));
        try panel.ask(id, N, part) {
            did("panel asked");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function roundOf(uint8 part)
        internal
        view
        returns (IPanel.PanelRound memory told, uint8 round, bool isAsked)
    {
        address asker;
        bool isOver;
        (asker, round, isOver) = panel.standing(id, N, part);
        isAsked = asker != address(0) && !isOver;
        told = panel.roundAt(id, N, part, round);
    }

    function saysHeld(uint8 part) private view returns (bool) {
        return isGood(part) ? !isPanelLying[part] : faultOf[part] != Fault.Withheld;
    }

    function panelSalt(uint8 part) private pure returns (bytes32) {
        return keccak256(abi.encode("panel", part));
    }

    /// Every member of a drawn round, in either half of its time.
    function hear(uint8 part, IPanel.PanelRound memory told, uint8 round) internal returns (bool isAny) {
        bool isCommit = block.timestamp < told.drawnAt + periods.processing / 2;
        bool isHeld = saysHeld(part);
        for (uint8 i = 0; i < told.members.length; i++) {
            address member = told.members[i];
            if (!isCommit) {
                if (told.commitments[i] == 0) continue;
                try panel.reveal(id, N, part, i, isHeld, panelSalt(part)) {
                    isAny = true;
                } catch (bytes memory why) {
                    allow(why);
                }
                continue;
            }
            if (told.commitments[i] != 0) continue;
            bytes32 commitment = keccak256(abi.encode(id, N, part, round, member, isHeld, panelSalt(part)));
            vm.prank(member);
            try panel.commit(id, N, part, i, commitment) {
                isAny = true;
            } catch (bytes memory why) {
                allow(why);
            }
        }
        if (isAny) did(isCommit ? "panel commit" : "panel reveal");
    }

    function drawPanel(uint8 part) internal returns (bool isTaken) {
        vm.roll(block.number + 3);
        try panel.draw(id, N, part, 100) {
            did("drawn");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function concludePanel(uint8 part) internal returns (bool isTaken) {
        try panel.conclude(id, N, part) {
            did("panel over");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function appeal(uint256 who, uint8 part) internal returns (bool isTaken) {
        vm.prank(account(who));
        try panel.appeal(id, N, part) {
            did("appeal");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }

    function releasePanel(uint8 part) internal returns (bool isTaken) {
        try panel.release(id, N, part) {
            isReleased[part] = true;
            did("panel released");
            isTaken = true;
        } catch (bytes memory why) {
            allow(why);
        }
    }
}
