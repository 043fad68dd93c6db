// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../channels/TermsCode.sol";
import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IReducerTable} from "../interfaces/IReducerTable.sol";
import {ImpressionRecord} from "../lib/ImpressionRecord.sol";
import {MerkleRoot} from "../lib/MerkleRoot.sol";
import {SettlementTree} from "../lib/SettlementTree.sol";
import {IReducer} from "../reducers/IReducer.sol";
import {ILeafRules} from "./ILeafRules.sol";

/// Runs the reducer for one impression. Stateless; apart from the Adjudicator for its size.
contract LeafRules is ILeafRules {
    IReducerTable private immutable reducers;

    constructor(IReducerTable reducers_) {
        reducers = reducers_;
    }

    /// @inheritdoc ILeafRules
    function leafOf(address place, bytes calldata records) external view returns (bytes32) {
        (IReducer reducer, ChannelTerms memory terms) = reducerAt(place);
        if (!reducer.isKept(terms.roles, terms.priceNanoMax, records)) revert RecordsNotKept();
        uint64[] memory amounts = reducer.reduce(terms.roles, terms.reducerParameters, records);
        bytes32[] memory hashes = new bytes32[](records.length / ImpressionRecord.BYTES);
        bytes32 head;
        for (uint256 i = 0; i < hashes.length; i++) {
            bytes32 tail;
            (head, tail) = ImpressionRecord.wordsAt(records, i);
            hashes[i] = ImpressionRecord.hashOf(head, tail);
        }
        // All of one key, as isKept says.
        bytes16 key = ImpressionRecord.impressionKeyOf(head);
        bytes32 content = SettlementTree.groupContent(key, uint64(hashes.length), MerkleRoot.over(hashes));
        return SettlementTree.entryOf(content, SettlementTree.wordsOf(amounts));
    }

    /// @inheritdoc ILeafRules
    function isMissing(address place, bytes calldata records, bytes calldata record)
        external
        view
        returns (bool)
    {
        (IReducer reducer, ChannelTerms memory terms) = reducerAt(place);
        return reducer.wouldChange(terms.roles, terms.priceNanoMax, records, record);
    }

    function reducerAt(address place) private view returns (IReducer reducer, ChannelTerms memory terms) {
        (terms,) = TermsCode.whole(place);
        reducer = IReducer(reducers.reducerOf(terms.reducer));
    }
}
