// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";

/// The wei accounts of a Vault and nothing else.
contract StandInVault {
    mapping(address account => mapping(WeiBook => uint256)) private books;

    function depositWei(address account) external payable {
        books[account][WeiBook.Free] += msg.value;
    }

    function moveWei(bytes32, uint64, WeiMove[] calldata moves) external {
        for (uint256 i = 0; i < moves.length; i++) {
            WeiMove calldata one = moves[i];
            books[one.from][one.fromBook] -= one.amount;
            books[one.to][one.toBook] += one.amount;
        }
    }

    function weiOf(address account) external view returns (uint256, uint256, uint256) {
        mapping(WeiBook => uint256) storage mine = books[account];
        return (mine[WeiBook.Free], mine[WeiBook.Stake], mine[WeiBook.Locked]);
    }
}
